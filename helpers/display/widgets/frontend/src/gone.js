// A widget whose kernel has gone dims, and says what to do: JupyterLab marks it, but in no words.

const ROOMS = ".lab-room, .lab-flow-log";
const GONE = "jupyter-widgets-disconnected";
const SAID = "The kernel was started again and knows nothing of this. Run this cell again.";

/** Say so at the top of the widget that an element belongs to; called when its connection has come or gone. */
export function sayGone(element) {
  setTimeout(() => {
    const room = element.closest(ROOMS);
    if (!room) return;
    const known = room.querySelector(":scope > .lab-gone-kernel");
    if (!room.classList.contains(GONE)) known?.remove();
    else if (!known) {
      const said = document.createElement("p");
      said.className = "lab-gone-kernel";
      said.setAttribute("role", "status");
      said.textContent = SAID;
      room.prepend(said);
    }
  });
}
