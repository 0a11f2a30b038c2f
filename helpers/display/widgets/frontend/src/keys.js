// Keep the notebook's shortcuts away from what is typed into a widget.

const SUPPRESS = "data-lm-suppress-shortcuts";

/**
 * JupyterLab listens to bubbling events, which end at this element. Notebook 7 listens before they get here: it looks
 * for the attribute, on the way up from the focused element and no further than where a shortcut fits.
 */
export function keepKeys(element) {
  element.setAttribute(SUPPRESS, "true");
  element.addEventListener("focusin", (event) => event.target.setAttribute(SUPPRESS, "true"));
  for (const type of ["keydown", "keypress", "keyup"]) element.addEventListener(type, (event) => event.stopPropagation());
}
