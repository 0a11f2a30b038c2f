(() => {
  const options = __OPTIONS__;
  const script = document.currentScript;
  const before = script && script.previousElementSibling;
  const panel = before && before.id === "__ID__" ? before : document.getElementById("__ID__");
  if (!panel) return;
  const frame = panel.querySelector("iframe");
  const part = (name) => panel.querySelector("." + name);
  const root = new URL(options.address, document.baseURI);
  const addressOf = (path) => root.href + path.replace(/^\/+/, "");
  const pathOf = (address) => "/" + address.slice(root.href.length).replace(/^\/+/, "");
  let tell = () => {};

  const say = (status, words) => {
    panel.dataset.status = status;
    part("status").textContent = words;
  };
  const name = (path) => {
    panel.dataset.path = path;
    part("path").textContent = path.split("?")[0];
    part("tab").href = addressOf(path);
  };

  // The old page is dimmed while the next one is on its way, and the badge counts the seconds.
  let counting = 0;
  const wait = () => {
    clearInterval(counting);
    const began = performance.now();
    const count = () => {
      const seconds = (performance.now() - began) / 1000;
      say("LOADING", seconds < 0.3 ? "loading …" : "waiting … " + seconds.toFixed(1) + " s");
    };
    count();
    counting = setInterval(count, 100);
  };
  const arrive = (status, words) => {
    clearInterval(counting);
    say(status, words);
    tell(status, words);
  };

  // What the page that has just arrived says: its HTTP status where the browser tells, and the shop's own error page.
  const look = () => {
    const page = frame.contentWindow;
    if (page.location.href === "about:blank") return;
    name(pathOf(page.location.href));
    page.addEventListener("beforeunload", wait);
    if (page.document.querySelector('meta[name="hipster-shop"][content="closed"]')) {
      arrive("CLOSED", "not open yet");
      return;
    }
    const arrival = page.performance.getEntriesByType("navigation")[0] || {};
    const code = arrival.responseStatus || 0;
    const failed = code >= 400 || page.document.getElementById("cause") !== null;
    const took = arrival.duration ? " · " + (arrival.duration / 1000).toFixed(arrival.duration < 1000 ? 2 : 1) + " s" : "";
    arrive(failed ? "ERROR" : "OK", (failed ? "ERROR" : "OK") + (code ? " " + code : "") + took);
  };
  const open = (path, told) => {
    tell = told || (() => {});
    name(path);
    wait();
    // Not a new page in the window's history: its Back button belongs to the notebook.
    if (frame.src && frame.contentWindow.location.href !== "about:blank") frame.contentWindow.location.replace(addressOf(path));
    else frame.src = addressOf(path);
  };

  // The notebook's shortcuts take a key from whatever has the focus, unless that says otherwise.
  panel.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
  name(options.path);
  frame.addEventListener("load", () => {
    try {
      look();
    } catch (error) {
      arrive("ERROR", "ERROR: the page cannot be shown here");
    }
  });
  part("reload").addEventListener("click", () => {
    wait();
    // Before its first page has come, a frame is nowhere, and would be loaded there again.
    if (frame.contentWindow.location.href === "about:blank") frame.src = addressOf(panel.dataset.path);
    else frame.contentWindow.location.reload();
  });

  // The panel with a place of its own: it takes the notebook's colours, and is driven from there.
  if (options.standing) {
    const above = window.parent.document.body;
    const dress = () => {
      const worn = getComputedStyle(above);
      for (const variable of ["layout-color1", "layout-color2", "border-color1", "ui-font-color1", "ui-font-color2",
        "ui-font-family", "code-font-family", "brand-color1"]) {
        document.documentElement.style.setProperty("--jp-" + variable, worn.getPropertyValue("--jp-" + variable));
      }
    };
    if (window.parent !== window) {
      dress();
      new MutationObserver(() => setTimeout(dress, 100)).observe(above, { attributes: true });
    }
    window.labShop = { open };
    open(options.path);
    return;
  }

  // At the right of the window: the application's own element makes room, and gets it back.
  const shell = document.getElementById("main");
  const canDock = shell !== null && shell.classList.contains("lm-Widget");
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
  const dock = () => {
    panel.replaceWith(place);
    document.body.append(panel);
    panel.classList.add("docked");
    part("dock").textContent = "Back";
    makeRoom("58vw");
  };
  panel.addEventListener("lab-open", (event) => open(event.detail.path, event.detail.told));

  // The one that stands beside the notebook already, in the course's first layout or docked, as something to open.
  const standing = () => {
    const docked = document.querySelector(".lab-shop.docked");
    if (docked && docked !== panel) {
      return (path, told) => docked.dispatchEvent(new CustomEvent("lab-open", { detail: { path, told } }));
    }
    const other = [...document.querySelectorAll("#jp-main-dock-panel iframe")].find(
      (one) => !one.closest(".lab-shop") && one.offsetParent && one.src.startsWith(root.href));
    if (!other) return null;
    return (path, told) => {
      const page = other.contentWindow;
      if (page.labShop) page.labShop.open(path, told);
      else page.location.replace(root.href + "_door/panel?path=" + encodeURIComponent(path));
    };
  };
  const shown = () => {
    const address = frame.src ? frame.contentWindow.location.href : "";
    return address.startsWith(root.href) ? pathOf(address) : panel.dataset.path;
  };
  // The page is shown beside the notebook, and this place only says what came of it.
  const handOver = (elsewhere) => {
    const path = shown();
    clearInterval(counting);
    frame.removeAttribute("src");
    panel.classList.add("elsewhere");
    for (const [button, hidden] of [["here", false], ["dock", true], ["reload", true]]) part(button).hidden = hidden;
    name(path);
    say("LOADING", "shown beside the notebook");
    if (elsewhere) elsewhere(path, (status, words) => say(status, words + ", beside the notebook"));
    else say("PLACED", "shown beside the notebook when the cell ran");
  };
  const takeBack = () => {
    panel.classList.remove("elsewhere");
    for (const [button, hidden] of [["here", true], ["dock", !canDock], ["reload", false]]) part(button).hidden = hidden;
    open(panel.dataset.path);
  };
  const besides = () => {
    const other = standing();
    if (other) handOver(other);
    else dock();
  };
  part("dock").hidden = !canDock;
  part("dock").addEventListener("click", () => (panel.classList.contains("docked") ? undock() : besides()));
  part("here").addEventListener("click", takeBack);

  // An output that is only drawn again, as when a notebook is opened, takes nobody's page away.
  const fresh = Math.abs(Date.now() / 1000 - options.made) < 60 && !(window.labShopsShown ||= new Set()).has("__ID__");
  (window.labShopsShown ||= new Set()).add("__ID__");
  const other = standing();
  if (other) {
    handOver(fresh ? other : null);
  } else {
    open(options.path);
    if (options.beside && canDock && fresh) dock();
  }
})();
