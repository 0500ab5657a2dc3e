// Starts the page without a network: keeps the files of one build, hands them out where the service can not be reached, and
// nothing else. What the service answers under api/ is never kept here. `BUILD` and `FILES` are put in by worker.mjs.
declare const BUILD: string;
declare const FILES: readonly string[];

interface Waits extends Event {
  waitUntil: (what: Promise<unknown>) => void;
}
interface Fetches extends Waits {
  request: Request;
  respondWith: (answer: Promise<Response>) => void;
}
interface Worker {
  addEventListener(kind: "install" | "activate", act: (event: Waits) => void): void;
  addEventListener(kind: "fetch", act: (event: Fetches) => void): void;
  skipWaiting: () => Promise<void>;
  clients: { claim: () => Promise<void> };
  registration: { scope: string };
}
const worker = self as unknown as Worker;

const OURS = "shell-";
const NAME = OURS + BUILD;
/** A dead network may say nothing for minutes. */
const PATIENCE_MS = 3000;
const here = (path: string) => new URL(path, worker.registration.scope).href;

/** Their names say what is in them. */
const KEPT = new Set(FILES.filter((path) => path.startsWith("assets/")).map(here));

worker.addEventListener("install", (event) => event.waitUntil(fill().then(() => worker.skipWaiting())));
worker.addEventListener("activate", (event) => event.waitUntil(alone().then(() => worker.clients.claim())));

/** All files of this build, or none: what a build before had is taken from there, as a name says what is in it. */
async function fill(): Promise<void> {
  const cache = await caches.open(NAME);
  for (const path of FILES) {
    const hashed = path.startsWith("assets/");
    const held = hashed ? await caches.match(here(path)) : undefined;
    const answer = held ?? (await fetch(here(path), { cache: hashed ? "default" : "reload", credentials: "same-origin" }));
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    if (path === "./" && !(await answer.clone().text()).includes(BUILD)) throw new Error("the page is of another build");
    await cache.put(here(path), answer);
  }
}

/** What other builds kept goes. */
async function alone(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== NAME) await caches.delete(name);
}

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = request.url.split(/[?#]/)[0]!;
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && address === here("./")) event.respondWith(page(request));
  else if (KEPT.has(address)) event.respondWith(file(address, request));
});

/** The page as the service has it; where that can not be reached, the one that was kept. */
async function page(request: Request): Promise<Response> {
  const kept = await (await caches.open(NAME)).match(here("./"));
  if (!kept) return fetch(request);
  try {
    const answer = await Promise.race([fetch(request), new Promise<never>((_, fail) => setTimeout(() => fail(new Error("no answer")), PATIENCE_MS))]);
    return answer.status >= 502 && answer.status <= 504 ? kept : answer;
  } catch {
    return kept;
  }
}

async function file(address: string, request: Request): Promise<Response> {
  return (await (await caches.open(NAME)).match(address)) ?? fetch(request);
}
