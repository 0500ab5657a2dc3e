// What this browser saw last, for a start without a network; and the worker that makes such a start possible. Only where a
// worker is at work, only for who was signed in, and not for longer than a session lasts.
import { effect } from "@preact/signals";
import type { Book } from "../core/book";
import { clockSkew } from "../link";
import { book, link, session } from "../state";
import type { Signed } from "../types_service";
import { forgetLast, keepLast, readLast } from "./store";

const EVERY_MS = 60_000;
const HELD_MAX_MS = 12 * 3_600_000;
const build = () => document.querySelector<HTMLMetaElement>("meta[name=build]")?.content ?? "";

interface Last {
  session: Signed;
  book: Book;
  skew: number;
  build: string;
  at_ms: number;
}

/** null: nothing, or not of this build of the page, or too long ago. */
export async function lastSeen(): Promise<Last | null> {
  const last = await readLast<Last>("book");
  return last && last.build === build() && last.at_ms > Date.now() - HELD_MAX_MS ? last : null;
}

async function hold(): Promise<void> {
  const [who, seen] = [session.value, book.value];
  if (!who || !seen || link.value !== "live" || !navigator.serviceWorker?.controller) return;
  const last: Last = { session: who, book: seen, skew: clockSkew(), build: build(), at_ms: Date.now() };
  await keepLast("book", last).catch(() => undefined); // a start without a network then finds nothing
}

/** Once, when the page has been loaded for a while. */
export function keep(): void {
  if (build() !== "development") void navigator.serviceWorker?.register("sw.js").then(() => navigator.serviceWorker.ready).then(hold).catch(() => undefined);
  setInterval(() => void hold(), EVERY_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void hold());
  navigator.serviceWorker?.addEventListener("controllerchange", () => void hold());
  effect(() => {
    if (session.value === null) void forgetLast().catch(() => undefined);
  });
}
