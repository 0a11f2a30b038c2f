// Where the next line of a policy starts: a pure function, so that it can be tested without a browser.

/** Columns to indent the line that follows `line` by, in spaces. */
export function indentAfter(line) {
  const body = line.replace(/\s+#.*$/, "").trimEnd();
  const lead = /^\s*/.exec(body)[0].length;
  const dashes = /^\s*((?:-\s+)*)/.exec(body)[1].length;
  if (body.endsWith(":")) return lead + dashes + 2;
  return lead + dashes;
}
