// What the console does beyond its pages: it keeps them up to date, asks in dialogs, and saves keystrokes. Everything
// works without it, too.
"use strict";

const byId = (id) => document.getElementById(id);
const parse = (html) => new DOMParser().parseFromString(html, "text/html");

// ---------------------------------------------------------------- bringing a page up to date

/** Makes `node` like `wanted`, keeping what is the same: focus, scrolling, selection and opened details stay. */
function morph(node, wanted) {
  if (node.isEqualNode(wanted)) return;
  for (const { name } of [...node.attributes]) {
    if (!wanted.hasAttribute(name) && !(name === "open" && node.tagName === "DETAILS") && name !== "data-centred") node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  morphChildren(node, wanted);
}

const keyOf = (node) => (node.nodeType === 1 ? node.dataset.key || node.id : "") || "";
const isSameKind = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function morphChildren(node, wanted) {
  const keyed = new Map();
  for (const child of node.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let here = node.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = keyOf(next);
    if (key && keyed.has(key) && keyed.get(key) !== here) {
      node.insertBefore(keyed.get(key), here);
      here = keyed.get(key);
    }
    if (here && isSameKind(here, next)) {
      if (here.nodeType === 1) morph(here, next);
      else if (here.data !== next.data) here.data = next.data;
      here = here.nextSibling;
    } else {
      const fresh = document.importNode(next, true);
      if (key && fresh.tagName === "TR") fresh.classList.add("fresh");
      node.insertBefore(fresh, here);
    }
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    gone.remove();
  }
}

/** Whether the visitor is in the middle of something that new content would disturb. */
function isBusy() {
  const active = document.activeElement;
  const writes = active && active.closest("main") && active.matches("input, textarea, select");
  const selects = !getSelection().isCollapsed;
  return writes || selects || document.querySelector("dialog[open]") || document.querySelector("main [data-confirm]");
}

let refreshing = false;
async function refresh() {
  if (refreshing || document.hidden || isBusy()) {
    behind = true;
    return;
  }
  refreshing = true;
  behind = false;
  try {
    const response = await fetch(location.href, { headers: { "x-console-live": "1" } });
    if (response.redirected && new URL(response.url).pathname === "/console/login") location.assign(response.url);
    else if (response.ok && !isBusy()) {
      const page = parse(await response.text());
      // What an action told is shown until the visitor leaves the page.
      for (const kept of document.querySelectorAll("main > [data-keep]")) {
        if (!page.querySelector("main > [data-keep]")) page.querySelector("main").prepend(page.importNode(kept, true));
      }
      morph(byId("main"), page.getElementById("main"));
      enhance();
    }
  } catch {
    // The connection's own state says that the server is away.
  } finally {
    refreshing = false;
  }
}

// ---------------------------------------------------------------- live

let behind = false;
let source = null;
const live = byId("live");

function show(state, word) {
  live.dataset.state = state;
  live.querySelector(".word").textContent = word;
  live.setAttribute("aria-pressed", String(state !== "paused"));
  live.setAttribute("aria-label", `Live updates: ${word}`);
}

function follow() {
  source = new EventSource("/console/live");
  source.addEventListener("hello", () => {
    show("live", "Live");
    // What happened between the page's making and now, or while there was no connection, nobody told.
    refresh();
  });
  source.addEventListener("news", refresh);
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return show("connecting", "Reconnecting");
    show("off", "Not live");
    setTimeout(() => source && source.readyState === EventSource.CLOSED && follow(), 30_000);
  });
}

function pause() {
  source.close();
  source = null;
  show("paused", "Paused");
}

if (live && !document.querySelector("main form[data-ask], main [data-confirm]")) {
  live.hidden = false;
  show("connecting", "Connecting");
  live.addEventListener("click", () => {
    if (source) pause();
    else {
      follow();
      refresh();
    }
  });
  follow();
  for (const event of ["visibilitychange", "focusout"]) {
    document.addEventListener(event, () => behind && source && setTimeout(refresh, 150));
  }
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => event.persisted && source && follow());
}

// ---------------------------------------------------------------- asking in a dialog

function ask(question) {
  const dialog = document.createElement("dialog");
  dialog.append(document.importNode(question, true));
  const heading = dialog.querySelector("h1");
  heading.id = "question";
  dialog.setAttribute("aria-labelledby", "question");
  for (const link of dialog.querySelectorAll("[data-close]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close();
    });
  }
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  enhance(dialog);
  dialog.showModal();
}

/** Shows what the server answered: a question in a dialog, a form with faults in its place, anything else as a page. */
async function answer(response, fallback) {
  const page = parse(await response.text());
  const question = page.querySelector("[data-confirm]");
  if (question) ask(question);
  else if (page.querySelector("main form[data-ask]")) {
    morph(byId("main"), page.getElementById("main"));
    const wrong = document.querySelector("main [aria-invalid], main [role=alert]");
    if (wrong && wrong.focus) wrong.focus();
  } else fallback();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-ask]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const leave = () => location.assign(link.href);
  fetch(link.href).then((response) => answer(response, leave), leave);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-ask]")) return;
  event.preventDefault();
  const leave = () => form.submit();
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) })
    .then((response) => answer(response, leave), leave);
});

// ---------------------------------------------------------------- niceties

/** The server's words for how long ago, see view/text.rs. */
function since(at, now) {
  const ms = now - at;
  const size = Math.abs(ms);
  const [unit, word] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1_000, "s"]].find(([unit]) => size >= unit) || [];
  if (!unit) return "just now";
  const text = `${Math.floor(size / unit)} ${word}`;
  return ms < 0 ? `in ${text}` : `${text} ago`;
}

function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const text = since(Date.parse(time.dateTime), Date.now());
    if (time.textContent !== text) time.textContent = text;
  }
}

/** Shows what only the script can do. */
function enhance(root = document) {
  // A picture that is wider than its frame is first seen in its middle.
  for (const graph of root.querySelectorAll(".graph:not([data-centred])")) {
    graph.dataset.centred = "";
    graph.scrollLeft = (graph.scrollWidth - graph.clientWidth) / 2;
  }
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  tick();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1_500);
  } catch {
    getSelection().selectAllChildren(button.previousElementSibling);
  }
});

const theme = byId("theme");
if (theme) {
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
    root.dataset.theme = isDark ? "light" : "dark";
    document.cookie = `ordermill_theme=${root.dataset.theme}; Path=/console; Max-Age=31536000; SameSite=Strict`;
  });
}

// "/" searches, "g" and a letter goes to a part of the console, j and k go through a table.
const PARTS = { h: "/console", o: "/console/orders", e: "/console/executions", q: "/console/queues", d: "/console/deliveries",
  p: "/console/products", k: "/console/keys", m: "/console/metrics", t: "/console/traces", l: "/console/logs", a: "/console/alarms" };
let pressedG = 0;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const search = byId("search");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll("main tbody tr[data-key] td:first-child a")];
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? 0 : at + (event.key === "j" ? 1 : -1)];
    if (next) next.focus();
  } else if (Date.now() - pressedG < 1_000 && PARTS[event.key]) {
    location.assign(PARTS[event.key]);
  }
  pressedG = event.key === "g" ? Date.now() : 0;
});

// On a phone the parts stand in a row that scrolls: the current one is seen. (Not by scrollIntoView, from where Tab would go on.)
const current = document.querySelector(".side [aria-current]");
if (current) {
  const bar = current.closest(".side");
  bar.scrollLeft = current.offsetLeft - (bar.clientWidth - current.clientWidth) / 2;
}
enhance();
setInterval(tick, 10_000);
