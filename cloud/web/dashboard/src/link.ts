// Keeps the book live: a snapshot over HTTP, then deltas over a WebSocket, at most one drawing per animation frame.
import { batch } from "@preact/signals";
import * as api from "./api";
import { wait } from "./core/backoff";
import { type Book, fold, newer, open } from "./core/book";
import { renew, renewed } from "./renew";
import { book, heardAt, link, now, session, unreachable } from "./state";
import type { Delta, Snapshot } from "./types";
import { timezone } from "./words/words";

const STALE_MS = 4000;
const FRAME_MS = 16;
const HELD_MAX = 200;
const SIGNED_OUT = 4401;
/** Kept in a supplier's browser: the site's figures need not be asked for. */
const PORTAL = "portal";

let latest: Book | null = null;
let socket: WebSocket | null = null;
let retry: number | undefined;
let attempt = 0;
let heard = 0; // performance.now() of the last frame
let begun = 0; // performance.now() of the last try to connect
let skew = 0; // the service's clock less ours
let drawing = false;
let drawn = -Infinity; // performance.now() of the last drawing
let fetching = false;
let held: Delta[] = [];
/** What is shown is what this browser kept, and who is signed in is not known. */
let guessed = false;

/** Start, and never stop: whoever closes the page stops it. */
export function start(): void {
  setInterval(tick, 500);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && hurry());
  addEventListener("online", hurry);
  void load();
}

/** Called when somebody signed in or out. */
export function restart(): void {
  drop();
  latest = null;
  attempt = 0;
  void load();
}

/** The service's clock less that of this device, in ms. */
export const clockSkew = () => skew;

/** Take over an object the service returned to a command, before its delta comes; one that became another since stays. */
export function adopt(frame: Omit<Delta, "k" | "q" | "t">): void {
  if (!latest) return;
  const after = fold(latest, { k: "d", q: latest.q + 1, t: latest.t, ...newer(latest, frame) });
  latest = after && { ...after, q: latest.q };
  draw();
}

async function load(): Promise<void> {
  if (fetching) return;
  fetching = true;
  held = [];
  try {
    const known = (!guessed && session.value) || (localStorage.getItem(PORTAL) ? await api.whoami() : null);
    const [first, who] = await Promise.all([known && !known.rights.includes("look") ? null : api.snapshot().catch(notOurs), known ?? api.whoami()]);
    session.value = who;
    unreachable.value = guessed = false;
    fetching = false;
    if (who.rights.includes("portal")) localStorage.setItem(PORTAL, "yes");
    else localStorage.removeItem(PORTAL);
    if (!first) return; // a supplier sees its portal, and no more
    take(first);
    held.forEach(hear);
    if (!socket) connect();
  } catch (error) {
    fetching = false;
    if (error instanceof api.Refused && error.status === 401) {
      drop();
      latest = null;
      session.value = null;
      return;
    }
    unreachable.value = true;
    if (!latest) await recall();
    later();
  }
}

function notOurs(error: unknown): null {
  if (error instanceof api.Refused && error.status === 403) return null;
  throw error;
}

/** Without a network one begins with what this browser saw last, visibly stale. */
async function recall(): Promise<void> {
  const last = await import("./outbox/last").then(({ lastSeen }) => lastSeen()).catch(() => null);
  if (!last || latest) return;
  guessed = true;
  [session.value, latest, skew, heard] = [last.session, last.book, last.skew, -Infinity];
  draw();
}

function connect(): void {
  if (!latest || guessed) return void load();
  const address = new URL("ws", location.href.split(/[?#]/)[0]);
  address.protocol = address.protocol.replace("http", "ws");
  address.search = String(new URLSearchParams({ since: String(latest.q), epoch: latest.epoch }));
  const mine = new WebSocket(address);
  socket = mine;
  begun = performance.now();
  let opened = false;
  mine.onopen = () => {
    opened = true;
    attempt = 0;
  };
  mine.onmessage = (event) => {
    if (socket !== mine) return;
    const frame = JSON.parse(event.data) as Snapshot | Delta;
    heard = performance.now();
    if (frame.k === "s") take(frame);
    else hear(frame);
  };
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    socket = null;
    if (!opened || code === SIGNED_OUT) void askWho();
    later();
  };
}

/** What was refused does not say why; the session does: it is over, or of somebody who may something else by now. */
export async function askWho(): Promise<void> {
  const before = session.value;
  try {
    const who = await api.whoami();
    if (!before || guessed || session.value !== before || JSON.stringify(who) === JSON.stringify(before)) return;
    session.value = who;
    if (who.user === before.user && who.rights.includes("look") === before.rights.includes("look")) return;
    book.value = null; // what is shown was somebody else's to see
    restart();
  } catch (error) {
    if (error instanceof api.Refused && error.status === 401) {
      drop();
      session.value = null;
    }
  }
}

function take(snapshot: Snapshot): void {
  if (renewed(snapshot.v)) return; // this page goes
  latest = open(snapshot);
  heard = performance.now();
  arrived(snapshot.t);
}

function hear(delta: Delta): void {
  if (!latest) return;
  if (fetching) {
    if (held.length < HELD_MAX) held.push(delta);
    return;
  }
  const after = fold(latest, delta);
  if (!after) return void load();
  latest = after;
  arrived(delta.t);
}

function arrived(t: number): void {
  skew = t - Date.now();
  draw();
}

/** Publish the latest book: at once, but once a frame, however many deltas come; and not while nobody sees it. */
function draw(): void {
  if (drawing) return;
  if (!document.hidden && performance.now() - drawn > FRAME_MS) return publish();
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    publish();
  });
}

function publish(): void {
  if (!latest) return;
  const fresh = latest;
  drawn = performance.now();
  batch(() => {
    timezone.value = fresh.site.timezone || "UTC";
    book.value = fresh;
    heardAt.value = fresh.t;
    now.value = thisSecond();
    if (drawn - heard < STALE_MS) link.value = "live";
  });
}

/** The service's time in whole seconds, so that what shows the time is drawn again no oftener. */
function thisSecond(): number {
  return Math.floor((Date.now() + skew) / 1000) * 1000;
}

function tick(): void {
  const clock = performance.now();
  const silent = clock - heard > STALE_MS;
  renew();
  batch(() => {
    now.value = thisSecond();
    if (book.value && silent) link.value = "stale";
  });
  if (silent && socket && clock - begun > STALE_MS) {
    drop(); // a socket that says nothing is dead, whatever it claims
    later();
  }
}

function later(): void {
  clearTimeout(retry);
  if (session.value === null) return;
  retry = setTimeout(connect, wait(attempt++, Math.random()));
}

function hurry(): void {
  if (session.value === null || (socket?.readyState === WebSocket.OPEN && performance.now() - heard < STALE_MS)) return;
  drop();
  attempt = 0;
  connect();
}

function drop(): void {
  clearTimeout(retry);
  const old = socket;
  socket = null;
  old?.close();
}
