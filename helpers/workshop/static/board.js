"use strict";
// Shows what the board tells; all text is set as text, never as HTML.
const place = (id) => document.getElementById(id);
const MARKS = { done: "✓", skipped: "–", untouched: "·" };
let state = null;
let hidden = sessionStorage.getItem("hidden") === "yes";

function make(tag, text, options = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(options)) if (value) made.setAttribute(name, value);
  return made;
}

function summary() {
  const seats = state.rows.length;
  if (!seats) return "Waiting for the first seat";
  const hands = state.hands ? ` · ${state.hands} ${state.hands === 1 ? "hand" : "hands"} up` : "";
  return `${seats} ${seats === 1 ? "seat" : "seats"}${hands}`;
}

function cell([kind, tries, hint]) {
  const said = kind === "tried" ? `tried ${tries} times${hint ? `, last hint: ${hint}` : ""}` : kind;
  const made = make("td", "", { class: kind, title: said });
  made.append(make("span", kind === "tried" ? `${tries}×` : MARKS[kind], { "aria-hidden": "true" }));
  made.append(make("span", said, { class: "hidden" }));
  return made;
}

function row(seat) {
  const made = make("tr", "", { class: seat.hand === null ? "" : "hand" });
  const name = hidden ? `Seat ${seat.number}` : seat.name;
  const head = make("th", "", { scope: "row" });
  head.append(make("span", name, { class: "name", title: name }));
  if (seat.hand !== null) head.append(make("b", "hand up"), make("span", seat.hand, { class: "about" }));
  made.append(head, ...seat.cells.map(cell));
  const life = seat.minutes ? `${seat.minutes} min` : "now";
  made.append(make("td", life, { class: seat.silent ? "life silent" : "life" }));
  return made;
}

function heading(task) {
  const [number, ...rest] = task.split("-");
  const made = make("th", "", { scope: "col" });
  made.append(make("span", `${number} `), make("span", rest.join("-")));
  return made;
}

function show() {
  if (!state) return;
  place("summary").textContent = summary();
  const lines = state.headlines.map((line) => make("li", line));
  const before = [...place("headlines").children].map((line) => line.textContent).join("\n");
  if (before !== state.headlines.join("\n")) place("headlines").replaceChildren(...lines);
  const heads = [make("th", "seat", { scope: "col", class: "seat" }), ...state.tasks.map(heading)];
  place("heads").replaceChildren(...heads, make("th", "last sign", { scope: "col" }));
  place("rows").replaceChildren(...state.rows.map(row));
}

function hide(wanted) {
  hidden = wanted;
  sessionStorage.setItem("hidden", hidden ? "yes" : "no");
  place("names").setAttribute("aria-pressed", String(hidden));
  show();
}

place("names").addEventListener("click", () => hide(!hidden));
document.addEventListener("keydown", (event) => {
  if (event.key === "n" && !event.ctrlKey && !event.metaKey && !event.altKey) hide(!hidden);
});
hide(hidden);

const events = new EventSource(`${location.pathname}/events`);
events.onmessage = (event) => {
  state = JSON.parse(event.data);
  place("connection").textContent = "";
  show();
};
events.onerror = () => {
  place("connection").textContent = "The board doesn't answer; this page goes on when it does.";
};
