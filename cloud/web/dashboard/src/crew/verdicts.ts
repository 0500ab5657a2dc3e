// Right, wrong, not now: one tap each. What can not be sent at once waits in this browser and says so; it is sent when
// the link is back. What the service refuses is taken back, and said.
import { effect, signal } from "@preact/signals";
import { freshKey, Refused } from "../api";
import { restart } from "../link";
import { link, now, session } from "../state";
import { told } from "../trade/wish";
import { say as worded } from "../words/words";
import { judge } from "./api";
import { nextOf, put, read, remember, type Remembered, type Said, type Wish, without } from "./outbox";

const WAITING = "verdicts";
const SAID = "verdicts_said";
const AGAIN_MS = 15_000;
export const NOT_NOW_HOURS = 4;

export const waiting = signal<Wish[]>(read(localStorage.getItem(WAITING), Date.now()));
const remembered = signal<Remembered>(recalled());
/** Why the last verdict about an alert was not taken. */
export const refused = signal<ReadonlyMap<number, { words: string; english: string } | "full">>(new Map());
/** Counts what was taken, so that figures of rules are asked for again. */
export const taken = signal(0);

let sending = false;

function recalled(): Remembered {
  try {
    const held = JSON.parse(localStorage.getItem(SAID) ?? "[]") as unknown;
    return Array.isArray(held) ? (held as Remembered) : [];
  } catch {
    return [];
  }
}

const me = () => session.value?.user ?? "";

/** What was said of an alert here, and whether the service has it. */
export function saidOf(alert: number): { said: Said; pending: boolean } | null {
  const mine = waiting.value.find((one) => one.alert === alert && one.user === me());
  if (mine) return { said: mine.said, pending: true };
  const held = remembered.value.find(([one]) => one === alert);
  return held ? { said: held[1], pending: false } : null;
}

export function say(alert: number, said: Said): void {
  const before = saidOf(alert);
  if (before?.said === said) return; // a double tap
  about(alert, null);
  const more = put(waiting.value, { key: freshKey(), alert, said, at_ms: now.value, hours: NOT_NOW_HOURS, note: worded("judge.not_now_note"), user: me() });
  if (!more) return about(alert, "full");
  keep(more);
  void send();
}

async function send(): Promise<void> {
  if (sending || !navigator.onLine) return;
  sending = true;
  try {
    for (let wish = nextOf(waiting.value, me()); wish; wish = nextOf(waiting.value, me())) {
      try {
        await judge(wish);
        remembered.value = remember(remembered.value, wish.alert, wish.said, wish.at_ms);
        localStorage.setItem(SAID, JSON.stringify(remembered.value));
        taken.value += 1;
      } catch (error) {
        if (!(error instanceof Refused) || error.status >= 500 || error.status === 429) return; // it waits
        if (error.status === 401) return restart();
        about(wish.alert, told(error));
      }
      keep(without(waiting.value, wish.key));
    }
  } finally {
    sending = false;
  }
}

function keep(all: Wish[]): void {
  waiting.value = all;
  localStorage.setItem(WAITING, JSON.stringify(all));
}

function about(alert: number, why: { words: string; english: string } | "full" | null): void {
  const all = new Map(refused.value);
  if (why) all.set(alert, why);
  else all.delete(alert);
  refused.value = all;
}

effect(() => {
  if (link.value === "live" && session.value && waiting.peek().length) void send();
});
addEventListener("online", () => void send());
setInterval(() => waiting.value.length && void send(), AGAIN_MS);
addEventListener("storage", ({ key, newValue }) => {
  if (key === WAITING) waiting.value = read(newValue, Date.now()); // another window of this page
  if (key === SAID) remembered.value = recalled();
});
