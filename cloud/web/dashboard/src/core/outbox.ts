// What people did and the service has not taken yet: which goes next, what an answer means, how much is kept. Pure.
import type { Said } from "../api";

export const KINDS = ["ack", "verdict", "work", "count", "skip"] as const;
export type Kind = (typeof KINDS)[number];

/** Something to be done by the service, once. */
export interface Wish {
  kind: Kind;
  /** What it is about: of one thing nothing is sent before what was done before it. "" stands alone. */
  thing: string;
  path: string;
  body: object;
  /** Names and figures that say it in words. */
  told: Readonly<Record<string, string | number>>;
}

export interface Kept extends Wish {
  /** Its place in the order. */
  n: number;
  /** Its Idempotency-Key: the same for every try. */
  key: string;
  /** Who did it: nobody else's session sends it. */
  user: string;
  at_ms: number;
  state: "waiting" | "refused" | "sent";
  tries: number;
  /** A window of this browser is sending it, until then at the latest. */
  until_ms: number;
  /** Why the service did not take it. */
  said?: Said & { status: number };
  /** What the service answered, and when. */
  answer?: unknown;
  done_ms: number;
}

/** So many wait at most: who is away for longer is told so. */
export const WAITING_MAX = 200;
/** So many that were sent are remembered. */
export const SENT_MAX = 200;
export const OLD_MS = 7 * 86_400_000;
/** Longer than a try may take. */
export const LEASE_MS = 20_000;

/** Of these the later word takes the place of an earlier one that nobody heard. */
const TAKES_BACK: readonly Kind[] = ["verdict", "count", "skip"];

const isOpen = ({ state }: Kept) => state !== "sent";
/** It is being sent for the first time: it may well be there in a moment, and is not said to wait. */
export const underWay = (one: Kept, now_ms: number): boolean => one.state === "waiting" && one.tries === 0 && one.until_ms > now_ms;
export const openOf = (all: readonly Kept[], user: string): Kept[] => all.filter((one) => isOpen(one) && one.user === user);
export const ofThing = (all: readonly Kept[], user: string, thing: string): Kept[] => all.filter((one) => one.thing === thing && one.user === user);

/** With one more. null: there is no room. */
export function put(all: readonly Kept[], wish: Wish, key: string, user: string, now_ms: number): [Kept[], Kept] | null {
  const taken = TAKES_BACK.includes(wish.kind) && wish.thing !== "";
  const rest = all.filter((one) => one.key !== key && !(taken && isOpen(one) && one.user === user && one.thing === wish.thing && (one.state === "refused" || (one.tries === 0 && one.until_ms <= now_ms))));
  if (rest.filter(isOpen).length >= WAITING_MAX) return null;
  const n = 1 + all.reduce((most, one) => Math.max(most, one.n), 0);
  const one: Kept = { ...wish, n, key, user, at_ms: now_ms, state: "waiting", tries: 0, until_ms: 0, done_ms: 0 };
  return [[...rest, one], one];
}

/** The next one of this person to send: the oldest of which nothing done before it to the same thing is left. */
export function nextOf(all: readonly Kept[], user: string, now_ms: number): Kept | undefined {
  const mine = openOf(all, user).sort((a, b) => a.n - b.n);
  return mine.find((one) => one.state === "waiting" && one.until_ms <= now_ms && !(one.thing && mine.some((other) => other.n < one.n && other.thing === one.thing)));
}

export const changed = (all: readonly Kept[], key: string, by: Partial<Kept>): Kept[] => all.map((one) => (one.key === key ? { ...one, ...by } : one));
export const without = (all: readonly Kept[], key: string): Kept[] => all.filter((one) => one.key !== key);

/** What the service did not take, once more: as another wish, of whatever version its thing has by now. */
export function again(all: readonly Kept[], key: string, fresh: string): Kept[] {
  return all.map((one) => {
    if (one.key !== key || one.state !== "refused") return one;
    const { said: _, ...rest } = one;
    return { ...rest, key: fresh, body: { ...one.body, ...("version" in one.body && { version: 0 }), ...("key" in one.body && { key: fresh }) }, state: "waiting", tries: 0, until_ms: 0 };
  });
}

/** What an answer that is no yes means. A refusal without a code is none of our service: a proxy's, say. */
export function meant(status: number, reason: string): "wait" | "refused" | "sign_in" {
  if (status === 401 || reason === "other_user" || reason === "change_password") return "sign_in";
  return status >= 400 && status < 500 && status !== 408 && status !== 429 && reason !== "" ? "refused" : "wait";
}

/** As far as it is still of use: what waited for too long asks its person, of what was sent the latest are remembered. */
export function tidied(all: readonly Kept[], now_ms: number): Kept[] {
  const sent = all.filter((one) => !isOpen(one) && one.done_ms > now_ms - OLD_MS).sort((a, b) => b.done_ms - a.done_ms).slice(0, SENT_MAX);
  const said = { status: 0, reason: "outbox_old", detail: "", hint: "", field: "" };
  const open = all.filter(isOpen).map((one) => (one.state === "waiting" && one.at_ms <= now_ms - OLD_MS ? { ...one, state: "refused" as const, said } : one));
  return [...sent, ...open].sort((a, b) => a.n - b.n);
}
