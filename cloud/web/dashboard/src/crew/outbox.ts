// Verdicts that wait to be sent. Each keeps the key and the time it was given with, so that sending it twice is judging
// once, and as of then. Pure.
import type { Told } from "./types";

export type Said = Told["said"];
export const SAID = ["right", "wrong", "not_now"] as const satisfies readonly Said[];

export interface Wish {
  key: string;
  alert: number;
  said: Said;
  /** The service's time when it was said. */
  at_ms: number;
  /** Of "not now": for so long. */
  hours: number;
  /** Said with it on the shelf. */
  note: string;
  /** Who said it: nobody else sends it as theirs. */
  user: string;
}

export const WAITING_MAX = 50;
/** What could not be sent for so long is of no use any more. */
export const WAITING_MAX_MS = 7 * 86_400_000;

/** With one more; what waited of the same alert and person is taken back by it. null: there is no room. */
export function put(waiting: Wish[], wish: Wish): Wish[] | null {
  const others = waiting.filter((one) => one.alert !== wish.alert || one.user !== wish.user);
  return others.length >= WAITING_MAX ? null : [...others, wish];
}

export const without = (waiting: Wish[], key: string): Wish[] => waiting.filter((one) => one.key !== key);

/** The next one of this person to send. */
export const nextOf = (waiting: Wish[], user: string): Wish | undefined => waiting.find((one) => one.user === user);

/** What was kept, as far as it can be read and is not too old. */
export function read(kept: string | null, now_ms: number): Wish[] {
  try {
    const all = JSON.parse(kept ?? "[]") as unknown;
    if (!Array.isArray(all)) return [];
    return (all as Wish[]).filter((one) => typeof one?.key === "string" && typeof one.alert === "number" && one.at_ms > now_ms - WAITING_MAX_MS).slice(-WAITING_MAX);
  } catch {
    return [];
  }
}

/** What this browser remembers of verdicts that were taken: the latest of each alert, so many. */
export const REMEMBERED_MAX = 200;
export type Remembered = [alert: number, said: Said, at_ms: number][];
export const remember = (held: Remembered, alert: number, said: Said, at_ms: number): Remembered =>
  [...held.filter(([one]) => one !== alert), [alert, said, at_ms] satisfies Remembered[number]].slice(-REMEMBERED_MAX) as Remembered;
