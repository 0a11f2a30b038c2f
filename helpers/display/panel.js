(() => {
  const options = __OPTIONS__;
  const script = document.currentScript;
  const before = script && script.previousElementSibling;
  const panel = before && before.id === "__ID__" ? before : document.getElementById("__ID__");
  if (!panel) return;
  const frame = panel.querySelector("iframe");
  const part = (name) => panel.querySelector("." + name);
  const root = new URL(options.address, document.baseURI);

  const say = (status, words) => {
    panel.dataset.status = status;
    part("status").textContent = words;
  };
  const show = (path) => {
    panel.dataset.path = path;
    part("path").textContent = path;
  };

  // What the page that has just arrived says: its HTTP status where the browser tells, and the shop's own error page.
  const look = () => {
    const page = frame.contentWindow;
    if (page.location.href === "about:blank") return;
    const arrival = page.performance.getEntriesByType("navigation")[0] || {};
    const code = arrival.responseStatus || 0;
    const failed = code >= 400 || page.document.getElementById("cause") !== null;
    const took = arrival.duration ? " · " + (arrival.duration / 1000).toFixed(arrival.duration < 1000 ? 2 : 1) + " s" : "";
    show("/" + page.location.href.slice(root.href.length).replace(/^\/+/, ""));
    say(failed ? "ERROR" : "OK", (failed ? "ERROR" : "OK") + (code ? " " + code : "") + took);
    page.addEventListener("beforeunload", () => say("LOADING", "loading …"));
  };

  // The notebook's shortcuts take a key from whatever has the focus, unless that says otherwise.
  panel.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
  show(options.path);
  if (options.seen) {
    frame.addEventListener("load", () => {
      try {
        look();
      } catch (error) {
        say("ERROR", "ERROR: the page cannot be shown here");
      }
    });
  }
  part("reload").addEventListener("click", () => {
    if (!options.seen) {
      frame.src = frame.src;
      return;
    }
    say("LOADING", "loading …");
    frame.contentWindow.location.reload();
  });

  // At the right of the window: the application's own element makes room, and gets it back.
  const shell = document.getElementById("main");
  const place = document.createElement("div");
  place.className = "lab-shop-place";
  place.textContent = "The shop is at the right of the window.";
  const makeRoom = (width) => {
    shell.style.width = width;
    shell.style.right = width ? "auto" : "";
    window.dispatchEvent(new Event("resize"));
  };
  const undock = () => {
    panel.classList.remove("docked");
    part("dock").textContent = "Beside";
    if (place.isConnected) place.replaceWith(panel);
    else panel.remove();
    makeRoom("");
  };
  // The course's first layout has the shop at the right already: that panel then shows the page, and none is added.
  const standing = () => [...document.querySelectorAll("#jp-main-dock-panel iframe")].find(
    (other) => !panel.contains(other) && other.offsetParent && other.src.startsWith(root.href));
  // Before its first page has come, a frame is nowhere.
  const here = () => {
    const address = frame.contentWindow.location.href;
    return address.startsWith(root.href) ? address : frame.src;
  };
  const besides = () => {
    const other = standing();
    if (other) other.contentWindow.location = here();
    else dock();
  };
  const dock = () => {
    const other = document.querySelector(".lab-shop.docked");
    if (other) other.dispatchEvent(new Event("lab-undock"));
    panel.replaceWith(place);
    document.body.append(panel);
    panel.classList.add("docked");
    part("dock").textContent = "Back";
    makeRoom("58vw");
  };
  panel.addEventListener("lab-undock", undock);
  if (shell && shell.classList.contains("lm-Widget")) {
    part("dock").hidden = false;
    part("dock").addEventListener("click", () => (panel.classList.contains("docked") ? undock() : besides()));
    if (options.beside) besides();
  }
})();
