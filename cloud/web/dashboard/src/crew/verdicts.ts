// Right, wrong, not now: one tap each, by way of the outbox.
import { computed, signal } from "@preact/signals";
import { freshKey, Refused } from "../api";
import { type Kept } from "../core/outbox";
import { give, mine, stuck, unwritten } from "../outbox/outbox";
import { why } from "../outbox/told";
import { now } from "../state";
import { told } from "../trade/wish";
import type { Told } from "../types_care";
import { say as worded } from "../words/words";
import { verdictPath } from "./api";

export type Said = Told["said"];
export const SAID = ["right", "wrong", "not_now"] as const satisfies readonly Said[];
export const NOT_NOW_HOURS = 4;

/** Why the last verdict about an alert was not taken at once. */
const refusals = signal<ReadonlyMap<number, { words: string; english: string }>>(new Map());
const verdicts = computed(() => mine.value.filter((one) => one.kind === "verdict"));
/** Counts what was taken, so that figures of rules are asked for again. */
export const taken = computed(() => verdicts.value.filter((one) => one.state === "sent").length);
const lastOf = (alert: number): Kept | undefined => verdicts.value.filter((one) => one.told.alert === alert).at(-1);

/** What was said of an alert here, whether it is kept, and whether it waits for the service. */
export function saidOf(alert: number): { said: Said; kept: boolean; pending: boolean } | null {
  const last = lastOf(alert);
  return last && last.state !== "refused" ? { said: last.told.said as Said, kept: !unwritten.value.has(last.key), pending: stuck.value.includes(last) } : null;
}

/** Why what was said of an alert was not taken. */
export function refusalOf(alert: number): { words: string; english: string } | null {
  const last = lastOf(alert);
  return last?.state === "refused" ? why(last) : (refusals.value.get(alert) ?? null);
}

export async function say(alert: number, title: string, said: Said): Promise<void> {
  if (saidOf(alert)?.said === said) return; // a double tap
  about(alert, null);
  const [key, at_ms] = [freshKey(), now.value];
  const body = { said, at_ms, key, ...(said === "not_now" && { hours: NOT_NOW_HOURS, note: worded("judge.not_now_note") }) } satisfies Told;
  try {
    await give({ kind: "verdict", thing: `verdict ${alert}`, path: verdictPath(alert), body, told: { alert, said, title } }, key);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    about(alert, told(error));
  }
}

function about(alert: number, reason: { words: string; english: string } | null): void {
  const all = new Map(refusals.value);
  if (reason) all.set(alert, reason);
  else all.delete(alert);
  refusals.value = all;
}
