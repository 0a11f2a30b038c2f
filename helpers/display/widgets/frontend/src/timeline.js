// A row of pictures to step through, to play and to save. Everything is in the browser: it goes on without a kernel.
import { keepKeys } from "./keys.js";
import { save, savePng, svgText } from "./save.js";

const BEAT = 1600; // ms a step when playing

function control(text, title, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lab-button";
  button.textContent = text;
  button.title = title;
  button.setAttribute("aria-label", title);
  button.addEventListener("click", act);
  return button;
}

function slider(act) {
  const input = document.createElement("input");
  input.type = "range";
  input.min = 0;
  input.className = "lab-slider";
  input.setAttribute("aria-label", "Step");
  input.addEventListener("input", () => act(Number(input.value)));
  return input;
}

function element(tag, className, more = {}) {
  const one = document.createElement(tag);
  one.className = className;
  for (const [name, value] of Object.entries(more)) one.setAttribute(name, value);
  return one;
}

const SIGNS = { breaks: ["✗", "breaks something that is needed"], mends: ["✓", "something works again"], "": ["·", ""] };

/** One step's mark, which goes there. */
function tick(frame, act) {
  const [sign, words] = SIGNS[frame.mark || ""];
  const button = element("button", frame.mark ? `lab-${frame.mark}` : "lab-label", { type: "button" });
  button.textContent = sign;
  button.title = `${frame.title} ${words}`.trim();
  button.setAttribute("aria-label", button.title);
  button.addEventListener("click", act);
  return button;
}

function render({ model, el }) {
  let timer = null;
  const frames = () => model.get("frames");
  const last = () => frames().length - 1;
  const go = (step) => {
    model.set("step", Math.max(0, Math.min(last(), step)));
    model.save_changes();
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  };
  const beat = () => (model.get("step") < last() ? go(model.get("step") + 1) : stop());
  const start = () => {
    if (model.get("step") >= last()) go(0);
    timer = setInterval(beat, BEAT);
    play.textContent = "Pause";
  };
  const by = (steps) => () => { stop(); go(model.get("step") + steps); };
  const play = control("Play", "Play or pause", () => (timer === null ? start() : stop()));
  const range = slider((step) => { stop(); go(step); });
  const count = element("span", "lab-label");
  const said = element("p", "lab-said", { role: "status", "aria-live": "polite" });
  const picture = element("div", "lab-graph");
  const svg = () => picture.querySelector("svg");
  const name = () => `${model.get("name")}-${String(model.get("step")).padStart(2, "0")}`;
  const bar = element("div", "lab-steps", { role: "group", "aria-label": "Steps" });
  bar.append(control("«", "First step", by(-1e6)), control("‹", "One step back", by(-1)), play,
    control("›", "One step on", by(1)), control("»", "Last step", by(1e6)), range, count,
    control("SVG", "Save this picture as SVG", () => save(`${name()}.svg`, svgText(svg()), "image/svg+xml")),
    control("PNG", "Save this picture as PNG", () => savePng(svg(), `${name()}.png`)));
  const ticks = element("div", "lab-ticks", { role: "group", "aria-label": "Steps that break or mend something" });
  const onFrames = () => ticks.replaceChildren(...frames().map((frame, step) => tick(frame, () => { stop(); go(step); })));
  const onStep = () => {
    const frame = frames()[model.get("step")] || { title: "", text: "", picture: "" };
    [...ticks.children].forEach((one, step) => one.toggleAttribute("aria-current", step === model.get("step")));
    range.max = last();
    range.value = model.get("step");
    range.setAttribute("aria-valuetext", frame.title);
    count.textContent = `${model.get("step")} of ${last()}`;
    said.replaceChildren(element("b", ""), document.createTextNode(" " + frame.text));
    said.firstChild.textContent = frame.title;
    picture.innerHTML = frame.picture;
  };
  el.classList.add("lab-pane", "lab-timeline");
  keepKeys(el);
  el.append(bar, ticks, said, picture);
  const onAll = () => { onFrames(); onStep(); };
  onAll();
  model.on("change:step", onStep);
  model.on("change:frames", onAll);
  return () => {
    stop();
    model.off("change:step", onStep);
    model.off("change:frames", onAll);
  };
}

export default { render };
