// A YAML editor as an anywidget. The kernel owns the text: `shown` comes from it, typing goes to it as messages that
// carry the document and the revision they were typed on, so that a late one cannot land in another document.
import { EditorState, Annotation, Compartment } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter, drawSelection } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { syntaxHighlighting, indentUnit, indentService, bracketMatching } from "@codemirror/language";
import { setDiagnostics, lintGutter, lintKeymap } from "@codemirror/lint";
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { yaml } from "@codemirror/lang-yaml";
import { highlight, theme } from "./theme.js";
import { indentAfter } from "./indent.js";
import { replacement, rangeOf } from "./edits.js";
import { keepKeys } from "./keys.js";
import { source } from "./complete.js";
import { copyButton } from "./copy.js";

const fromKernel = Annotation.define();

const indentation = indentService.of((context, position) => {
  const line = context.lineAt(position, -1);
  if (line.from < position) return indentAfter(line.text.slice(0, position - line.from));
  return line.from === 0 ? 0 : indentAfter(context.lineAt(line.from - 1, -1).text);
});

const still = [
  lineNumbers(), highlightActiveLineGutter(), history(), drawSelection(), highlightActiveLine(), bracketMatching(),
  indentUnit.of("  "), EditorState.tabSize.of(2), yaml(), indentation, syntaxHighlighting(highlight), theme, lintGutter(),
  keymap.of([...completionKeymap, ...lintKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
];

/** Make a mend that the kernel offered, if what it was offered for still stands there. */
function mend(view, fix) {
  const { from, to } = rangeOf(fix, view.state.doc);
  if (view.state.sliceDoc(from, to) === fix.old) view.dispatch({ changes: { from, to, insert: fix.new } });
}

function render({ model, el }) {
  const readOnly = new Compartment();
  let document_ = null;
  const typed = (text) => {
    const shown = { ...model.get("shown"), text };
    model.set("shown", shown);
    model.send({ type: "typed", ...shown });
  };
  const extensions = [
    still, readOnly.of(EditorState.readOnly.of(model.get("read_only"))),
    autocompletion({ override: [source(() => model.get("words"))], icons: false }),
    EditorView.contentAttributes.of({ tabindex: "0", "aria-label": model.get("label"), "aria-description": model.get("hint") }),
    EditorView.theme({ ".cm-scroller": { maxHeight: model.get("max_height"), minHeight: model.get("min_height") } }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((one) => one.annotation(fromKernel))) typed(update.state.doc.toString());
    }),
  ];
  const view = new EditorView({ parent: el });
  el.append(copyButton("Copy this policy as YAML", () => view.state.doc.toString()));
  const onMarks = () => {
    const marks = model.get("marks").map((mark) => ({ ...rangeOf(mark, view.state.doc), severity: mark.severity,
      message: mark.message, actions: mark.fix ? [{ name: mark.fix.name, apply: (on) => mend(on, mark.fix) }] : [] }));
    view.dispatch(setDiagnostics(view.state, marks));
  };
  const onShown = () => {
    const { document, text } = model.get("shown");
    if (document !== document_) {
      document_ = document;
      view.setState(EditorState.create({ doc: text, extensions }));
      onMarks();
      return;
    }
    const changes = replacement(view.state.doc.toString(), text);
    if (changes) view.dispatch({ changes, annotations: fromKernel.of(true) });
  };
  const onReadOnly = () => view.dispatch({ effects: readOnly.reconfigure(EditorState.readOnly.of(model.get("read_only"))) });
  const onMessage = (message) => {
    if (message.type === "goto") {
      const { from } = rangeOf(message, view.state.doc);
      view.dispatch({ selection: { anchor: from }, scrollIntoView: true });
      view.focus();
    }
  };
  keepKeys(el);
  el.classList.add("lab-editor");
  onShown();
  const handlers = { "change:shown": onShown, "change:marks": onMarks, "change:read_only": onReadOnly, "msg:custom": onMessage };
  for (const [name, handler] of Object.entries(handlers)) model.on(name, handler);
  return () => {
    for (const [name, handler] of Object.entries(handlers)) model.off(name, handler);
    view.destroy();
  };
}

export default { render };
