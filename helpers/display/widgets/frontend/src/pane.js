// A pane shows HTML that the kernel made, and tells the kernel what is done in it.
//   data-do='["action", argument, …]'  on a button, link or picture part: sent when it is clicked, or Enter or Space pressed
//   the same on an input, select or textarea: sent with its value as the last argument when it changes
//   data-live='[…]'                    on an input: sent with its value while one types
//   data-key="…"                       the focus is found again by it after the HTML has changed
//   data-full                          on a button: shows the whole workbench as large as the window, and back again
//   data-whole                         on a button: fits the graph of its column into its frame, or has it legible again
//   data-copy                          on a button: copies the text of the pre in the same .lab-copied
//   data-keep="…"                      the scroll position is kept by it; on details, data-key keeps it folded or not

import { enliven } from "../../../drawing/live.js";
import { copy } from "./copy.js";
import { markFull, toggleFull } from "./full.js";
import { keepKeys } from "./keys.js";
import { sayGone } from "./gone.js";
import { save } from "./save.js";

const FIELDS = "input, select, textarea";
const PAUSE = 120; // ms without a key before a live field is sent

function valueOf(field) {
  return field.type === "checkbox" ? field.checked : field.value;
}

function focusOf(root) {
  const held = root.contains(document.activeElement) ? document.activeElement.closest("[data-do], [data-live]") : null;
  if (!held) return null;
  const typed = held.matches("input[type=text], input[type=search], textarea");
  return { key: held.dataset.key, start: typed ? held.selectionStart : null, end: typed ? held.selectionEnd : null,
    value: typed ? held.value : null };
}

function refocus(root, held) {
  const again = held && root.querySelector(`[data-key="${CSS.escape(held.key)}"]`);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (held.start === null || again.selectionStart === undefined) return;
  if (again.dataset.live) again.value = held.value;
  again.setSelectionRange(held.start, held.end);
}

/** Put new HTML in. Nothing here asks for sizes: that would have the browser lay the whole page out at once. */
function draw(root, html, places) {
  const held = focusOf(root);
  const lit = root.querySelector(".lab-graph")?.dataset.chosen;
  const folds = [...root.querySelectorAll("details[data-key]")].map((one) => [one.dataset.key, one.open]);
  root.innerHTML = html;
  for (const [key, open] of folds) {
    const one = root.querySelector(`details[data-key="${CSS.escape(key)}"]`);
    if (one) one.open = open;
  }
  for (const [keep, [left, top]] of places) {
    const one = left || top ? root.querySelector(`[data-keep="${CSS.escape(keep)}"]`) : null;
    if (one) one.scrollTo(left, top);
  }
  root.querySelectorAll(".lab-graph").forEach((host) => {
    host.dataset.chosen = lit ?? "";
    fit(host);
    enliven(host, { bare: true });
  });
  refocus(root, held);
  markFull(root);
  root.querySelector("[data-whole]")?.setAttribute("aria-pressed", String(Boolean(root.closest(".lab-whole"))));
}

/** A picture as large as its frame lets it be, and no smaller than can be read: then the frame scrolls. */
function fit(host) {
  const svg = host.querySelector("svg[data-width]");
  if (!svg) return;
  const { width, height } = svg.dataset;
  const whole = `min(100%, 100cqh * ${width / height})`;
  svg.style.width = host.closest(".lab-whole") ? whole : `clamp(var(--least), ${whole}, var(--width))`;
}

function render({ model, el }) {
  const root = document.createElement("div");
  el.classList.add("lab-pane");
  el.append(root);
  let timer = null;
  const tell = (text, ...more) => model.send({ type: "do", does: [...JSON.parse(text), ...more] });
  const activate = (event) => {
    if (event.target.closest("[data-full]")) toggleFull(root);
    const whole = event.target.closest("[data-whole]");
    if (whole) {
      const column = whole.closest(".lab-column");
      whole.setAttribute("aria-pressed", String(column.classList.toggle("lab-whole")));
      column.querySelectorAll(".lab-graph").forEach(fit);
    }
    const copied = event.target.closest("[data-copy]");
    if (copied) copy(copied, copied.closest(".lab-copied").querySelector("pre").textContent);
    const hit = event.target.closest("[data-do]");
    if (!hit || hit.matches(FIELDS) || hit.closest("[aria-disabled=true], :disabled")) return;
    event.preventDefault();
    tell(hit.dataset.do);
  };
  root.addEventListener("click", activate);
  root.addEventListener("change", async (event) => {
    const field = event.target.closest("[data-do]");
    if (!field || !field.matches(FIELDS)) return;
    if (field.type !== "file") tell(field.dataset.do, valueOf(field));
    else if (field.files[0]) tell(field.dataset.do, await field.files[0].text());
  });
  root.addEventListener("input", (event) => {
    const field = event.target.closest("[data-live]");
    if (!field) return;
    clearTimeout(timer);
    timer = setTimeout(() => tell(field.dataset.live, valueOf(field)), PAUSE);
  });
  root.addEventListener("lab-ask", ({ detail }) => {
    if (detail.kind === "call") tell('["ask"]', detail.source, detail.target, detail.port, detail.protocol);
  });
  keepKeys(el);
  el.addEventListener("keydown", (event) => {
    const own = event.target.matches("button, a[href], summary, " + FIELDS);
    if (!own && (event.key === "Enter" || event.key === " ")) activate(event);
  });
  const places = new Map();
  root.addEventListener("scroll", ({ target }) => {
    if (target.dataset?.keep) places.set(target.dataset.keep, [target.scrollLeft, target.scrollTop]);
  }, true);
  const onHtml = () => draw(root, model.get("html"), places);
  const onMessage = (message) => {
    if (message.type === "save") save(message.name, message.text, message.mime);
  };
  const onLife = () => sayGone(el);
  onHtml();
  model.on("change:html", onHtml);
  model.on("comm_live_update", onLife);
  model.on("msg:custom", onMessage);
  return () => {
    clearTimeout(timer);
    model.off("change:html", onHtml);
    model.off("comm_live_update", onLife);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
