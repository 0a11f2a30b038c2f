// Colours come from JupyterLab's variables, so that the editor follows the light and the dark theme by itself.
import { EditorView } from "@codemirror/view";
import { HighlightStyle } from "@codemirror/language";
import { tags } from "@lezer/highlight";

const surface = "var(--jp-layout-color1, Canvas)";
const ink = "var(--jp-content-font-color1, CanvasText)";
const quiet = `color-mix(in srgb, ${ink} 75%, transparent)`;
const edge = "var(--jp-border-color1, GrayText)";
const accent = "var(--jp-brand-color1, Highlight)";

export const theme = EditorView.theme({
  "&": { color: ink, backgroundColor: "var(--jp-cell-editor-background, Canvas)", border: `1px solid ${edge}`,
    borderRadius: "3px", fontSize: "var(--jp-code-font-size, 13px)" },
  // JupyterLab takes the outline away from every editor.
  "&.cm-focused": { outline: `2px solid ${accent} !important`, outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--jp-code-font-family, monospace)", lineHeight: "1.45" },
  ".cm-content": { caretColor: "var(--jp-editor-cursor-color, CanvasText)", padding: "4px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--jp-editor-cursor-color, CanvasText)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--jp-editor-selected-focused-background, Highlight)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "rgba(128, 128, 128, 0.10)" },
  ".cm-gutters": { color: quiet, backgroundColor: "var(--jp-layout-color2, Canvas)", borderRight: `1px solid ${edge}` },
  ".cm-tooltip": { color: ink, backgroundColor: surface, border: `1px solid ${edge}`, borderRadius: "3px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--jp-ui-inverse-font-color1, HighlightText)",
    backgroundColor: accent },
  ".cm-completionDetail": { color: quiet, fontStyle: "normal" },
  "[aria-selected] > .cm-completionDetail": { color: "inherit" },
  ".cm-diagnostic": { padding: "4px 8px", maxWidth: "60ch" },
  ".cm-diagnostic-error": { borderLeft: "4px solid var(--jp-error-color1, #b00020)" },
  ".cm-diagnostic-warning": { borderLeft: "4px double var(--jp-warn-color1, #b25e00)" },
  ".cm-diagnostic-info": { borderLeft: "4px dotted var(--jp-info-color1, #0b6fa4)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--jp-error-color1, #b00020)",
    textDecorationSkipInk: "none" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecorationSkipInk: "none",
    textDecoration: "underline dashed var(--jp-warn-color1, #b25e00)" },
  ".cm-lintRange-info": { backgroundImage: "none", textDecorationSkipInk: "none",
    textDecoration: "underline dotted var(--jp-info-color1, #0b6fa4)" },
  ".cm-panels": { color: ink, backgroundColor: surface },
});

export const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--jp-mirror-editor-property-color, #05a)" },
  { tag: [tags.string, tags.content], color: "var(--jp-mirror-editor-string-color, #a11)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--jp-mirror-editor-number-color, #164)" },
  { tag: [tags.comment, tags.lineComment], color: quiet, fontStyle: "italic" },
  { tag: [tags.keyword, tags.meta, tags.typeName, tags.labelName], color: "var(--jp-mirror-editor-keyword-color, #708)" },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace],
    color: "var(--jp-mirror-editor-operator-color, #666)" },
]);
