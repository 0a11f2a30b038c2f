// Small pure functions between the text and the model.

/** The smallest single replacement that turns `old` into `next`: {from, to, insert}, or null when they are equal. */
export function replacement(old, next) {
  if (old === next) return null;
  const most = Math.min(old.length, next.length);
  let head = 0;
  while (head < most && old[head] === next[head]) head += 1;
  let tail = 0;
  while (tail < most - head && old[old.length - 1 - tail] === next[next.length - 1 - tail]) tail += 1;
  return { from: head, to: old.length - tail, insert: next.slice(head, next.length - tail) };
}

/** Character range of a mark {line, column, end} (from 1; column 0 means the whole line) in a CodeMirror text. */
export function rangeOf(mark, doc) {
  const line = doc.line(Math.max(1, Math.min(mark.line || 1, doc.lines)));
  const first = line.from + (/^\s*/.exec(line.text)[0].length);
  const from = mark.column ? Math.min(line.from + mark.column - 1, line.to) : Math.min(first, line.to);
  const to = mark.end ? Math.min(line.from + mark.end - 1, line.to) : line.to;
  return from < to ? { from, to } : { from: Math.min(first, line.to), to: line.to };
}
