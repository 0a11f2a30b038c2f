"use strict";
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const light = () => root.dataset.jpThemeLight !== "false";
  const show = (isLight) => { root.dataset.jpThemeLight = String(isLight); };
  show(!dark.matches);
  dark.addEventListener("change", () => show(!dark.matches));
  const rows = [...document.querySelectorAll("[data-find]")];
  const search = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const said = row.dataset.find || row.textContent.toLowerCase();
      row.hidden = !words.every((word) => said.includes(word));
      found += !row.hidden;
    }
    for (const fold of document.querySelectorAll("details")) {
      const inside = fold.querySelectorAll("[data-find]");
      if (inside.length && words.length) fold.open = [...inside].some((row) => !row.hidden);
    }
    document.getElementById("found").textContent = words.length ? `${found} of ${rows.length} lines` : "";
  };
  document.getElementById("theme").addEventListener("click", () => show(!light()));
  const field = document.getElementById("search");
  if (field) field.addEventListener("input", () => search(field.value));
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
})();
