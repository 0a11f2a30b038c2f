// What could stand here: field names of a policy, and label values of the live cluster.

/** Split the text before the cursor into what is being completed: {kind, key, word}, or null in a comment. */
export function placeOf(before) {
  if (/(^|\s)#/.test(before)) return null;
  const value = /^\s*(?:-\s+)*([\w./-]+):\s+(\S*)$/.exec(before);
  if (value) return { kind: "value", key: value[1], word: value[2] };
  const name = /^\s*(?:-\s+)*([\w./-]*)$/.exec(before);
  return name ? { kind: "key", key: null, word: name[1] } : null;
}

/** A CodeMirror completion source over `words()`: {keys: [[label, detail]], values: {key: [[label, detail]]}}. */
export function source(words) {
  return (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const place = placeOf(line.text.slice(0, context.pos - line.from));
    if (!place || (place.word === "" && place.kind === "key" && !context.explicit)) return null;
    const known = place.kind === "key" ? words().keys : (words().values || {})[place.key];
    if (!known || known.length === 0) return null;
    const type = place.kind === "key" ? "property" : "constant";
    const suffix = place.kind === "key" ? ": " : "";
    const options = known.map(([label, detail]) => ({ label, detail, type, apply: label + suffix }));
    return { from: context.pos - place.word.length, options, validFor: /^[\w./-]*$/ };
  };
}
