// What a script adds; the page is whole without it: news of new entries, and panels that close again.
"use strict";

const live = document.querySelector(".live[data-stream]");
if (live && "EventSource" in window) follow(live);

document.addEventListener("keydown", (event) => {
  const open = document.querySelector(".matrix details[open]");
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".matrix details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

// Entries that came since the reader last asked are marked.
const FRESH = "treatyline-fresh";
for (const id of JSON.parse(sessionStorage.getItem(FRESH) || "[]")) {
  const deed = document.querySelector(`#e-${CSS.escape(id)} h5`);
  if (!deed) continue;
  const tag = document.createElement("span");
  tag.className = "tag fresh";
  tag.textContent = "new";
  deed.append(tag);
}
sessionStorage.removeItem(FRESH);

// Counts what the stream tells of this view. Nothing on the page moves until the reader asks for it.
function follow(status) {
  const address = new URL(status.dataset.stream, location.href);
  const added = new Set();
  const changed = new Set();
  const positions = new Set();
  let source = null;

  function say(state, text) {
    if (status.dataset.state === state && status.dataset.text === text) return;
    status.dataset.state = state;
    status.dataset.text = text;
    status.textContent = text;
  }

  function news() {
    const parts = [];
    if (added.size) parts.push(`${added.size} new ${added.size === 1 ? "entry" : "entries"}`);
    if (changed.size) parts.push(`${changed.size} changed`);
    if (positions.size) parts.push(positions.size === 1 ? "1 position changed" : `${positions.size} positions changed`);
    if (!parts.length) return false;
    const text = parts.join(", ");
    if (status.dataset.text !== text) {
      say("news", text);
      const show = document.createElement("button");
      show.type = "button";
      show.textContent = "Show";
      show.addEventListener("click", () => {
        sessionStorage.setItem(FRESH, JSON.stringify([...added]));
        history.replaceState(null, "", location.pathname + location.search + (added.size ? "#timeline" : ""));
        location.reload();
      });
      status.append(show);
    }
    return true;
  }

  function take(event) {
    address.searchParams.set("last_event_id", event.lastEventId);
    const { id } = JSON.parse(event.data);
    if (event.type === "position.changed") positions.add(id);
    else if (event.type === "entry.added") added.add(id);
    else if (!added.has(id)) changed.add(id);
    news();
  }

  function open() {
    if (source) return;
    source = new EventSource(address);
    source.addEventListener("open", () => news() || say("on", "Live"));
    source.addEventListener("error", () => {
      if (!news()) say("off", "Not connected; trying again");
      if (source && source.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(open, 5000);
      }
    });
    for (const name of ["entry.added", "entry.changed", "entry.merged", "entry.removed", "position.changed"]) {
      source.addEventListener(name, take);
    }
  }

  // A hidden page lets go of its connection (browsers allow six to a host) and catches up when looked at.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      open();
    } else if (source) {
      source.close();
      source = null;
    }
  });
  if (!document.hidden) open();
}
