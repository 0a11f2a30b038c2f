// Copying a text to the clipboard, with a word that it was done.

const SHOWN = 1500; // ms

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page that isn't served over HTTPS, or stands in a frame, may have no clipboard of its own.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** Copy a text, and have the button that was pressed say so for a moment. */
export async function copy(button, text) {
  const focused = document.activeElement;
  await write(text);
  focused?.focus?.({ preventScroll: true });
  const before = button.dataset.before ?? button.textContent;
  button.dataset.before = before;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = before; }, SHOWN);
}

/** A small button that copies what `text()` gives. */
export function copyButton(title, text) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lab-button lab-copy";
  button.textContent = "Copy";
  button.title = title;
  button.setAttribute("aria-label", title);
  button.addEventListener("click", () => copy(button, text()));
  return button;
}
