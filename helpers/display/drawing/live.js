// Makes a graph's picture one to work with. Needs no kernel and no library: the same text runs in a notebook's output,
// in an exported page and, as a module, in the widgets.

const HINT = "Point at a workload, an arrow or a policy to see what belongs to it; click it to read why. " +
  "With the keyboard: Tab into the picture, then arrow keys, Enter, Escape.";
const STEP = 1.25;

// Put the picture that an image holds into its place, and make it live.
export function unfold(host) {
  const image = host.querySelector("img");
  const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (letter) => letter.charCodeAt(0));
  image.outerHTML = new TextDecoder().decode(bytes);
  enliven(host);
}

// Light, explain and zoom the picture in `host`. Unless `bare`, a row with the explanation and buttons comes below it.
// A click is told as an event `lab-ask`, whose detail has kind (workload, call, policy), key, words, and for a call
// source, target, port and protocol. To be called again when `host` has a new picture: what was chosen stays chosen.
export function enliven(host, { bare = false } = {}) {
  const svg = host.querySelector("svg[data-width]");
  if (!svg || svg.dataset.live) return;
  svg.dataset.live = "yes";
  const items = [...svg.querySelectorAll(".item")];
  const graph = { host, svg, items, chosen: null, related: new Map() };
  items.forEach((item) => grip(item));
  announce(graph);
  hear(graph);
  if (!bare) furnish(graph, host.querySelector(".lab-frame") || host);
  requestAnimationFrame(() => svg.querySelectorAll("text[data-room]").forEach(squeeze));
  const before = items.find((item) => item.dataset.key === host.dataset.chosen);
  if (before) choose(graph, before, false);
}

const kindOf = (item) => item.classList[0];
const wordsOf = (item) => item.querySelector("title")?.textContent ?? "";
const numbersOf = (item) => (item.dataset.policies ?? "").split(" ").filter(Boolean);

// A wide font must not burst its room.
function squeeze(text) {
  const room = Number(text.dataset.room);
  if (text.getComputedTextLength() > room) {
    text.setAttribute("textLength", room);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
}

// A thin line is hard to point at: a broad, invisible one lies on it.
function grip(item) {
  const path = item.querySelector("path");
  if (kindOf(item) !== "call" || !path) return;
  const broad = path.cloneNode();
  for (const name of ["stroke", "stroke-dasharray", "fill"]) broad.removeAttribute(name);
  broad.setAttribute("class", "lab-grip");
  path.before(broad);
}

function announce({ svg, items }) {
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-description", HINT);
  items.forEach((item, place) => {
    item.setAttribute("role", "button");
    item.setAttribute("tabindex", place ? "-1" : "0");
    item.setAttribute("aria-label", wordsOf(item));
    item.setAttribute("data-lm-suppress-shortcuts", "true"); // else Notebook 7 takes the keys for its own
  });
}

// What belongs to an item: to a workload its calls and whom they join, to a call its ends, to a policy what it decides.
function belonging(graph, item) {
  if (!graph.related.has(item)) graph.related.set(item, related(graph.items, item));
  return graph.related.get(item);
}

function related(items, item) {
  const kind = kindOf(item);
  const calls = items.filter((one) => kindOf(one) === "call" && {
    call: one === item,
    workload: [one.dataset.source, one.dataset.target].includes(item.dataset.key),
    policy: numbersOf(one).includes(item.dataset.policies),
  }[kind]);
  const ends = new Set(calls.flatMap((call) => [call.dataset.source, call.dataset.target]));
  const numbers = new Set([item, ...(kind === "workload" ? [] : calls)].flatMap(numbersOf));
  return new Set([item, ...calls, ...items.filter((one) => ({
    workload: ends.has(one.dataset.key) || (kind === "policy" && numbersOf(one).includes(item.dataset.policies)),
    policy: kind !== "policy" && numbers.has(one.dataset.policies),
  }[kindOf(one)]))]);
}

function light(graph, item) {
  const lit = item ? belonging(graph, item) : null;
  graph.svg.classList.toggle("lab-picking", Boolean(lit));
  if (lit) for (const one of graph.items) one.classList.toggle("lab-lit", lit.has(one));
}

function choose(graph, item, tell = true) {
  graph.chosen?.classList.remove("lab-chosen");
  graph.chosen = item;
  graph.host.dataset.chosen = item?.dataset.key ?? "";
  item?.classList.add("lab-chosen");
  light(graph, item);
  if (graph.says) say(graph, item);
  if (!item || !tell) return;
  const { key, source, target, port, protocol } = item.dataset;
  const detail = { kind: kindOf(item), key, source, target, port: Number(port), protocol, words: wordsOf(item) };
  graph.host.dispatchEvent(new CustomEvent("lab-ask", { bubbles: true, detail }));
}

// The explanation was written by the kernel when the picture was made.
function say(graph, item) {
  const named = (kind) => [...(item ? belonging(graph, item) : [])].filter((one) => kindOf(one) === kind && one !== item);
  const [first, ...rest] = (item ? wordsOf(item) : HINT).split(/(?<=^[^:]*): /);
  const strong = document.createElement("strong");
  strong.textContent = item ? first : "";
  const text = item ? [rest.length ? `: ${rest.join(": ")}` : ""] : [HINT];
  const policies = named("policy").map((one) => one.querySelector("text").textContent);
  if (item && kindOf(item) === "policy") {
    const calls = named("call").map((one) => one.dataset.key);
    text.push(calls.length ? `: it allows ${calls.join("; ")}.` : ": no call that is drawn is allowed by it.");
  } else if (policies.length) text.push(` Policies: ${policies.join(", ")}.`);
  graph.says.replaceChildren(strong, text.join(""));
}

function hear(graph) {
  const { svg, host } = graph;
  const over = (event) => light(graph, event.target.closest?.(".item") ?? graph.chosen);
  svg.addEventListener("pointerover", over);
  svg.addEventListener("pointerleave", () => light(graph, graph.chosen));
  // Listened to at the picture itself they would make it a stop of the Tab key.
  host.addEventListener("focusin", over);
  host.addEventListener("focusout", () => light(graph, graph.chosen));
  svg.addEventListener("click", (event) => {
    const item = event.target.closest(".item");
    choose(graph, item === graph.chosen ? null : item);
    if (item) focus(graph, item);
  });
  svg.addEventListener("keydown", (event) => press(graph, event));
}

function focus(graph, item) {
  for (const one of graph.items) one.setAttribute("tabindex", one === item ? "0" : "-1");
  item.focus({ preventScroll: false });
}

// Up and down go through what is of one kind; right follows an arrow, left goes back.
function press(graph, event) {
  const item = event.target.closest(".item");
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const alike = graph.items.filter((one) => kindOf(one) === kindOf(item));
  const place = alike.indexOf(item);
  const workload = (key) => graph.items.find((one) => kindOf(one) === "workload" && one.dataset.key === key);
  const call = (end) => graph.items.find((one) => kindOf(one) === "call" && one.dataset[end] === item.dataset.key);
  const goal = {
    ArrowDown: () => alike[(place + 1) % alike.length],
    ArrowUp: () => alike.at(place - 1),
    ArrowRight: () => (kindOf(item) === "call" ? workload(item.dataset.target) : call("source")),
    ArrowLeft: () => (kindOf(item) === "call" ? workload(item.dataset.source) : call("target")),
    Home: () => graph.items[0],
    End: () => graph.items.at(-1),
  }[event.key];
  if (goal) focus(graph, goal() ?? item);
  else if (event.key === "Enter" || event.key === " ") choose(graph, item);
  else if (event.key === "Escape") choose(graph, null);
  else if (graph.zoom && "+-0".includes(event.key)) graph.zoom({ "+": STEP, "-": 1 / STEP, 0: 0 }[event.key]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function furnish(graph, frame) {
  const bar = document.createElement("div");
  bar.className = "lab-graph-bar";
  graph.says = document.createElement("div");
  graph.says.className = "lab-graph-says";
  graph.says.setAttribute("role", "status");
  say(graph, null);
  graph.zoom = zoomer(graph.svg, frame);
  const buttons = document.createElement("div");
  buttons.append(
    button("−", "Smaller", () => graph.zoom(1 / STEP)),
    button("+", "Larger", () => graph.zoom(STEP)),
    button("Fit", "The whole picture in its frame, and back", () => graph.zoom(0)),
    button("SVG", "Save the picture as SVG", () => save(graph.svg, "svg")),
    button("PNG", "Save the picture as PNG", () => save(graph.svg, "png")),
  );
  bar.append(graph.says, buttons);
  frame.after(bar);
  pan(frame);
}

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.title = label;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

// A function that scales the picture by a factor, round what is in the middle; by 0, it fits the frame, then is as before.
function zoomer(svg, frame) {
  const shape = svg.dataset.width / svg.dataset.height;
  let fitted = false;
  const become = (width) => {
    const at = [frame.scrollLeft + frame.clientWidth / 2, frame.scrollTop + frame.clientHeight / 2];
    const before = svg.getBoundingClientRect().width;
    for (const name of ["width", "minWidth", "maxWidth"]) svg.style[name] = width ? `${width}px` : "";
    if (!width) svg.style.maxWidth = "var(--width)";
    const grown = svg.getBoundingClientRect().width / before;
    frame.scrollLeft = at[0] * grown - frame.clientWidth / 2;
    frame.scrollTop = at[1] * grown - frame.clientHeight / 2;
  };
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    fitted = false;
    become(svg.getBoundingClientRect().width * Math.exp(-event.deltaY / 400));
  }, { passive: false });
  return (factor) => {
    const whole = Math.min(frame.clientWidth, Math.min(frame.clientHeight, window.innerHeight * 0.9) * shape);
    fitted = !factor && !fitted;
    become(factor ? svg.getBoundingClientRect().width * factor : fitted ? whole : 0);
  };
}

// Where the picture is larger than its frame it can be dragged; what was dragged wasn't clicked.
function pan(frame) {
  let from = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button === 0) from = { x: event.clientX, y: event.clientY, left: frame.scrollLeft, top: frame.scrollTop };
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from || !(event.buttons & 1)) return;
    frame.scrollLeft = from.left + from.x - event.clientX;
    frame.scrollTop = from.top + from.y - event.clientY;
  });
  frame.addEventListener("click", (event) => {
    if (from && (frame.scrollLeft !== from.left || frame.scrollTop !== from.top)) event.stopPropagation();
    from = null;
  }, { capture: true });
}

// The picture as it was made: light, on paper, nothing lit.
function still(svg) {
  const copy = svg.cloneNode(true);
  copy.classList.remove("lab-picking");
  copy.querySelectorAll(".lab-grip").forEach((one) => one.remove());
  copy.querySelectorAll(".item").forEach((one) => {
    one.classList.remove("lab-lit", "lab-chosen");
    for (const name of ["role", "tabindex", "aria-label", "data-lm-suppress-shortcuts"]) one.removeAttribute(name);
  });
  copy.setAttribute("role", "img");
  for (const name of ["aria-description", "data-live", "style"]) copy.removeAttribute(name);
  copy.setAttribute("width", svg.dataset.width);
  copy.setAttribute("height", svg.dataset.height);
  const [x, y, width, height] = svg.getAttribute("viewBox").split(" ");
  const paper = document.createElementNS(svg.namespaceURI, "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, fill: "#ffffff" })) paper.setAttribute(name, value);
  copy.querySelector("desc").after(paper);
  return new XMLSerializer().serializeToString(copy);
}

function save(svg, form) {
  const name = (svg.querySelector("title").textContent.replace(/[^\w-]+/g, "-").slice(0, 60) || "graph") + `.${form}`;
  const picture = new Blob([still(svg)], { type: "image/svg+xml" });
  if (form === "svg") return download(picture, name);
  const image = new Image();
  image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [svg.dataset.width * 2, svg.dataset.height * 2];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => download(blob, name), "image/png");
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(still(svg));
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
