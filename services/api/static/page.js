// What a script adds; the page is whole without it: news put in their places, panels that close again,
// citations to copy, arrow keys along the strip of months.
"use strict";

const live = document.querySelector(".live[data-stream]");
if (live && "EventSource" in window) follow(live);

document.addEventListener("keydown", (event) => {
  const open = document.querySelector(".matrix td > details[open]");
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(".matrix td > details[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

// One stop for the tabulator on the whole strip; arrows move along it.
const bars = () => [...document.querySelectorAll(".strip .bar")];
function stop(at) {
  for (const bar of bars()) bar.tabIndex = bar === at ? 0 : -1;
}
function oneStop() {
  const all = bars();
  if (all.length) stop(all.find((bar) => bar.classList.contains("here")) || all[0]);
}
oneStop();
document.addEventListener("keydown", (event) => {
  const all = bars();
  const n = all.indexOf(event.target);
  const to = n < 0 ? undefined : { ArrowRight: n + 1, ArrowLeft: n - 1, Home: 0, End: all.length - 1 }[event.key];
  if (!all[to] || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  stop(all[to]);
  all[to].focus();
});

// Buttons to copy a citation, where the browser lets a page copy. "toggle" does not bubble.
document.addEventListener("toggle", (event) => {
  const cite = event.target;
  if (!navigator.clipboard || !cite.matches("details.cite[open]") || cite.querySelector("button")) return;
  const links = cite.querySelector(".links");
  const copies = [["Copy", async () => cite.querySelector(".plain").textContent]];
  for (const link of links.querySelectorAll("a[data-copy]")) {
    copies.push([`Copy ${link.dataset.copy}`, async () => (await fetch(link.href)).text()]);
  }
  for (const [name, words] of copies) {
    const button = make("button", "", name);
    button.type = "button";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(await words());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Could not copy";
      }
      setTimeout(() => (button.textContent = name), 2000);
    });
    links.append(button);
  }
}, true);

function make(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

// -- news ---------------------------------------------------------------------------------------------------

// A page of this site as a document; what it holds is shown, never run.
function load(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () => (request.status === 200 && request.response ? resolve(request.response) : reject());
    request.onerror = request.ontimeout = () => reject();
    request.timeout = 20000;
    request.send();
  });
}

// Changes the page without moving what is being read: the entry in hand, else the first one in sight, stays;
// where that only shows below the middle, what stands above it is read, and no news come in above that.
function still(change) {
  const shown = [...document.querySelectorAll(".entry")].filter((entry) => {
    const place = entry.getBoundingClientRect();
    return place.bottom > 0 && place.top < innerHeight;
  });
  const held = document.activeElement && document.activeElement.closest(".entry");
  const first = shown[0] && shown[0].getBoundingClientRect().top < innerHeight / 2 ? shown[0] : null;
  const anchor = [held, shown.find((entry) => entry.matches(":hover")), first].find((entry) => shown.includes(entry));
  const top = anchor && anchor.getBoundingClientRect().top;
  change();
  if (anchor && anchor.isConnected) {
    scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  }
}

// Puts an entry where its date belongs. False where that is not on this page.
function place(entry) {
  const entries = document.querySelector("#timeline .entries");
  const month = entry.closest(".month");
  const shown = [...entries.querySelectorAll(".entry")];
  const key = entry.dataset.key;
  const later = shown.findIndex((other) => (entries.dataset.order === "asc") === other.dataset.key > key);
  const at = later < 0 ? shown.length : later;
  if ((at === 0 && entries.dataset.begins === "here") || (at === shown.length && entries.dataset.ends === "here")) {
    return false;
  }
  const [before, after] = [shown[at - 1], shown[at]];
  const of = (other, group) => other && other.closest(group);
  const same = (other) => other && of(other, ".month").dataset.month === month.dataset.month;
  const year = (other) => other && of(other, ".month").dataset.month.slice(0, 4) === month.dataset.month.slice(0, 4);
  if (same(before) || (before && of(before, ".month") === of(after, ".month"))) {
    before.after(entry);
  } else if (same(after)) {
    after.before(entry);
  } else {
    const group = month.cloneNode(true);
    group.querySelector("ol").replaceChildren(entry);
    if (document.getElementById(group.id)) group.removeAttribute("id");
    if (year(before)) of(before, ".month").after(group);
    else if (year(after)) of(after, ".month").before(group);
    else {
      const section = make("section", "year", "");
      const heading = make("h3", "", month.dataset.month.slice(0, 4));
      heading.id = `y-${heading.textContent}-${Date.now()}`;
      section.setAttribute("aria-labelledby", heading.id);
      section.append(heading, group);
      if (before) of(before, ".year").after(section);
      else of(after, ".year").before(section);
    }
  }
  return true;
}

function mark(entry, text) {
  entry.classList.add("arrived");
  const heading = entry.querySelector("h5");
  const tag = heading.querySelector(".fresh") || heading.appendChild(make("span", "tag fresh", ""));
  tag.textContent = text;
}

// The strip as it counts now. Which months are in sight is known here; who stands on a month stays on it.
function showStrip(fresh) {
  const [shown, found] = [document, fresh].map((page) => page.querySelector(".strip"));
  const [told, total] = [document, fresh].map((page) => page.querySelector(".note.total"));
  if (!shown || !found) return;
  const strip = document.importNode(found, true);
  for (const bar of strip.querySelectorAll(".bar")) {
    const month = document.getElementById(`m-${bar.dataset.month}`);
    if (!month) continue;
    bar.classList.add("here");
    bar.href = `#${month.id}`;
  }
  const on = shown.contains(document.activeElement) ? document.activeElement.dataset.month : null;
  const along = shown.firstElementChild.scrollLeft;
  shown.replaceWith(strip);
  strip.firstElementChild.scrollLeft = along;
  oneStop();
  const bar = on && strip.querySelector(`[data-month="${CSS.escape(on)}"]`);
  if (bar) {
    stop(bar);
    bar.focus({ preventScroll: true });
  }
  if (told && total) told.textContent = total.textContent;
}

// Follows the stream of this view and puts what it tells in its place.
function follow(status) {
  const address = new URL(status.dataset.stream, location.href);
  const count = { added: new Set(), changed: new Set(), positions: new Set(), elsewhere: new Set() };
  const wanted = { entry: new Map(), cell: new Set() };
  let source = null;
  let waiting = 0;

  function say(state, text) {
    if (status.dataset.state === state && status.dataset.text === text) return;
    status.dataset.state = state;
    status.dataset.text = text;
    status.textContent = text;
  }

  function news() {
    const { added, changed, positions, elsewhere } = count;
    const parts = [];
    if (added.size) parts.push(`${added.size} new ${added.size === 1 ? "entry" : "entries"}`);
    if (changed.size) parts.push(`${changed.size} changed`);
    if (positions.size) parts.push(positions.size === 1 ? "1 position changed" : `${positions.size} positions changed`);
    if (elsewhere.size) parts.push(`${elsewhere.size} more off this page`);
    if (!parts.length) return false;
    const text = parts.join(", ");
    if (status.dataset.text !== text || status.dataset.state !== "news") {
      say("news", text);
      const show = make("button", "", "Show");
      show.type = "button";
      show.addEventListener("click", reveal);
      status.append(show);
    }
    return true;
  }

  // Goes to what is new, entries first; what is off this page is on a page asked for anew.
  function reveal() {
    const first = document.querySelector(".entry.arrived") || document.querySelector(".matrix td.news");
    for (const ids of Object.values(count)) ids.clear();
    say("on", "Live");
    if (!first) {
      location.reload();
      return;
    }
    first.scrollIntoView({ block: "center" });
    first.querySelector("a, summary").focus({ preventScroll: true });
  }

  function take(event) {
    address.searchParams.set("last_event_id", event.lastEventId);
    const told = JSON.parse(event.data);
    if (event.type === "position.changed") {
      wanted.cell.add(`${told.actor}/${told.proposition}`);
    } else if (event.type === "entry.added" || event.type === "entry.changed") {
      if (wanted.entry.get(told.id) !== "entry.added") wanted.entry.set(told.id, event.type);
    } else {
      wanted.entry.delete(told.id);
      still(() => gone(told.id, event.type === "entry.merged" ? "merged" : "no longer told"));
    }
    waiting ||= setTimeout(fetchNews, 300); // what comes together is asked for together
  }

  function gone(id, text) {
    const entry = document.getElementById(`e-${id}`);
    if (!entry) return;
    for (const words of entry.querySelectorAll(".summary, .what > details")) words.remove();
    entry.classList.add("gone-now");
    mark(entry, text);
    count.changed.add(id);
    news();
  }

  async function fetchNews() {
    const entries = [...wanted.entry].slice(0, 40);
    const cells = [...wanted.cell].slice(0, 40);
    const asked = new URL(status.dataset.fresh, location.href);
    for (const [id] of entries) asked.searchParams.append("entry", id);
    for (const cell of cells) asked.searchParams.append("cell", cell);
    let fresh = null;
    try {
      fresh = await load(asked);
    } catch {
      waiting = setTimeout(fetchNews, 5000);
      return;
    }
    for (const [id] of entries) wanted.entry.delete(id);
    for (const cell of cells) wanted.cell.delete(cell);
    waiting = wanted.entry.size + wanted.cell.size ? setTimeout(fetchNews, 300) : 0;
    if (entries.length && !document.querySelector("#timeline .entry")) {
      location.reload(); // nothing was shown that could move
      return;
    }
    still(() => {
      for (const [id, how] of entries) show(fresh.getElementById(`e-${id}`), id, how);
      for (const cell of fresh.querySelectorAll("td[id]")) showCell(cell);
      showStrip(fresh);
    });
    news();
  }

  function show(found, id, how) {
    if (!found) return; // gone again
    const entry = document.getElementById(found.id);
    if (entry) {
      if (!entry.contains(document.activeElement)) {
        const open = entry.querySelector(".what > details")?.open;
        const fresh = entry.classList.contains("arrived") && !count.changed.has(id);
        const shown = document.importNode(found, true);
        entry.replaceWith(shown);
        if (open) shown.querySelector(".what > details").open = true;
        mark(shown, fresh ? "new" : "changed");
      } else {
        mark(entry, "changed");
      }
      if (!count.added.has(id)) count.changed.add(id);
    } else if (place(adopt(found))) {
      mark(document.getElementById(found.id), how === "entry.added" ? "new" : "changed");
      count[how === "entry.added" ? "added" : "changed"].add(id);
    } else {
      count.elsewhere.add(id);
    }
  }

  // The entry with its month around it, in this document.
  function adopt(found) {
    const month = document.importNode(found.closest(".month"), true);
    const entry = month.querySelector(`#${CSS.escape(found.id)}`);
    for (const other of month.querySelectorAll(".entry")) if (other !== entry) other.remove();
    return entry;
  }

  function showCell(found) {
    const cell = document.getElementById(found.id);
    if (!cell || cell.contains(document.activeElement) || cell.querySelector("details[open]")) {
      count[cell ? "positions" : "elsewhere"].add(found.id);
      if (cell) cell.classList.add("news");
      return;
    }
    const shown = document.importNode(found, true);
    cell.replaceWith(shown);
    shown.classList.add("news");
    count.positions.add(found.id);
  }

  function open() {
    if (source) return;
    source = new EventSource(address);
    source.addEventListener("open", () => news() || say("on", "Live"));
    source.addEventListener("error", () => {
      say("off", "Not connected; trying again");
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
