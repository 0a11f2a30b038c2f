// A workbench as large as the window. As a popover it is above everything, wherever in the page it stands.

const ROOM = ".lab-room";

function isFull(room) {
  return room.classList.contains("lab-full");
}

function onEscape(event) {
  if (event.key !== "Escape" || event.defaultPrevented || event.target.closest?.(".cm-editor, select")) return;
  document.querySelectorAll(`${ROOM}.lab-full`).forEach(leave);
}

function leave(room) {
  document.removeEventListener("keydown", onEscape, true);
  room.classList.remove("lab-full");
  if (room.popover) {
    room.hidePopover();
    room.popover = null;
  }
  markFull(room);
}

function enter(room) {
  if (room.showPopover) {
    room.popover = "manual";
    room.showPopover();
  }
  room.classList.add("lab-full");
  document.addEventListener("keydown", onEscape, true);
  markFull(room);
}

/** Show the workbench around an element as large as the window, or in its place again. */
export function toggleFull(element) {
  const room = element.closest(ROOM);
  if (room) (isFull(room) ? leave : enter)(room);
}

/** Have the button for it say how it stands. */
export function markFull(root) {
  const button = root.querySelector("[data-full]");
  const room = root.closest(ROOM);
  if (button && room) button.setAttribute("aria-pressed", String(isFull(room)));
}
