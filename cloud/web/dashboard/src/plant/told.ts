// Equipment, orders and rooms in words and in order. Pure, but for the language.
import { day, daysHigh, daysLow, figure, known, minute, moment, number, quantity, say, timezone, word } from "../words/words";
import { dayOf, msOf } from "../core/forms";
import type { AssetView, RoomView, WorkView } from "../types";

/** So many days, or more: open-ended. */
export const DAYS_MAX = 3650;

/** Days left as an interval: "9 to 31 days". */
export function lasting(days: AssetView["days"]): string {
  if (!days) return say("asset.not_foretold");
  const [low, , high] = days;
  if (low >= DAYS_MAX) return say("asset.years");
  if (high >= DAYS_MAX) return say("asset.at_least", { low: daysLow(low) });
  return say("asset.days", { low: daysLow(low), high: daysHigh(high) });
}

/** What the interval promises: one in twenty fails before it begins, half before its middle, one in twenty after it ends. */
export function meant([low, mid, high]: NonNullable<AssetView["days"]>): string {
  if (low >= DAYS_MAX) return "";
  const half = mid >= DAYS_MAX ? say("asset.ten_years") : say("asset.n_days", { n: figure(Math.round(mid)) });
  return say(high >= DAYS_MAX ? "asset.least_why" : "asset.days_why", { mid: half });
}

const STATE_RANK = { sick: 0, watch: 1, blind: 2, unseen: 3, learning: 4, well: 5 } as const;

/** Assets: the sickest first, then those that last least, then by health. */
export function byWorst(a: AssetView, b: AssetView): number {
  const soon = (one: AssetView) => one.days?.[0] ?? DAYS_MAX;
  return worst(a) - worst(b) || STATE_RANK[a.state] - STATE_RANK[b.state] || soon(a) - soon(b) || a.health - b.health || a.id.localeCompare(b.id);
}

/** The worst severity among its faults; 4 for none. */
export const worst = ({ faults }: Pick<AssetView, "faults">): number => Math.min(4, ...faults.map((one) => one.severity));

export const assetName = (one: Pick<AssetView, "id" | "name"> | undefined, id: string): string => one?.name || one?.id || id;

/** What an order is about: its title, or why it was proposed. */
export function about(work: Pick<WorkView, "title" | "cause" | "created_ms">): string {
  const { title, cause, created_ms } = work;
  if (title) return title;
  const fault = cause.fault ? word("ailment", cause.fault) : "";
  const because = known("work_because", cause.rule) ? word("work_because", cause.rule, { days: cause.days ? lasting(cause.days) : "–", when: day(created_ms) }) : cause.rule;
  return [fault, because].filter(Boolean).join(" · ") || say("work.untitled");
}

/** A window as people say it: "Tue 24 Nov, 09:00 to 12:00". */
export function windowed({ from_ms, until_ms }: Pick<WorkView, "from_ms" | "until_ms">): string {
  if (!until_ms) return say("work.no_window");
  const sameDay = dayOf(from_ms, timezone.value) === dayOf(until_ms, timezone.value);
  return say("work.window_text", { from: moment(from_ms), until: sameDay ? minute(until_ms) : moment(until_ms) });
}

const WORK_RANK = { in_work: 0, planned: 1, draft: 2, done: 3, cancelled: 4 } as const;

/** Orders: late ones first, then what is in work, then by when its window begins. */
export function byTurn(a: WorkView, b: WorkView): number {
  return Number(!a.late) - Number(!b.late) || WORK_RANK[a.state] - WORK_RANK[b.state] || (a.from_ms || Infinity) - (b.from_ms || Infinity) || b.id - a.id || 0;
}

export const isOpen = ({ state }: Pick<WorkView, "state">): boolean => state !== "done" && state !== "cancelled";

/** Where the windows of the next days lie, each from 0 to 1 of the strip; those that do not touch it are left out. */
export function strip(works: readonly WorkView[], from: number, days: number): { work: WorkView; left: number; width: number; earlier: boolean; later: boolean }[] {
  const [to, whole] = [from + days * DAY_MS, days * DAY_MS];
  return works
    .filter((one) => one.until_ms > from && one.from_ms < to && one.until_ms > 0)
    .sort((a, b) => a.from_ms - b.from_ms || a.id - b.id)
    .map((work) => {
      const [begins, ends] = [Math.max(work.from_ms, from), Math.min(work.until_ms, to)];
      return { work, left: (begins - from) / whole, width: (ends - begins) / whole, earlier: work.from_ms < from, later: work.until_ms > to };
    });
}

export const DAY_MS = 86_400_000;

/** A moment as briefly as it is clear: "13:30" of today, "Mon 23 Nov, 13:30" of another day. */
export const since = (ms: number, now: number): string => (dayOf(ms, timezone.value) === dayOf(now, timezone.value) ? minute(ms) : moment(ms));

/** Degrees, with one digit. */
export const degrees = (value: number): string => quantity(value, "Cel", 1);

/** The limits of a room: "2 to 8 °C". */
export function limits(low: number | null, high: number | null): string {
  if (low !== null && high !== null) return say("cold.between", { low: number(low, 1), high: quantity(high, "Cel") });
  if (high !== null) return say("cold.at_most", { high: quantity(high, "Cel") });
  return low !== null ? say("cold.at_least", { low: quantity(low, "Cel") }) : say("cold.no_limits");
}

/** The limit that a room is beyond now, on the side on which it left; null where it is within, or nobody knows. */
export function beyond({ celsius, side, low_c, high_c }: Pick<RoomView, "celsius" | "side" | "low_c" | "high_c">): number | null {
  const limit = side > 0 ? high_c : side < 0 ? low_c : null;
  return celsius !== null && limit !== null && side * (celsius - limit) > 0 ? limit : null;
}

/** The longest period of a report (`DAYS_MAX` in cloud/core/coldchain/report.py). */
export const REPORT_DAYS_MAX = 400;

/** What is wrong with the days of a report ("2026-11-24"), and at which of them; null for nothing. */
export function periodTrouble(from: string, to: string, today: string, zone: string): { at: "from" | "to"; code: "no_day" | "to_come" | "backwards" | "long" } | null {
  if (!from || !to) return { at: from ? "to" : "from", code: "no_day" };
  if (from > today) return { at: "from", code: "to_come" };
  if (from > to) return { at: "to", code: "backwards" };
  const begins = (day: string) => msOf(`${day}T00:00`, zone);
  return begins(to < today ? to : today) + DAY_MS - begins(from) > REPORT_DAYS_MAX * DAY_MS ? { at: "from", code: "long" } : null;
}

const SPANS = [[90_000, 1000, "second", 0], [90 * 60_000, 60_000, "minute", 0], [36 * 3_600_000, 3_600_000, "hour", 1], [Infinity, DAY_MS, "day", 1]] as const;

/** How long, in the unit that fits: "40 sec", "35 min", "1.6 hr", "2.5 days". */
export function lasted(ms: number): string {
  const [, one, unit, digits] = SPANS.find(([below]) => Math.abs(ms) < below)!;
  return number(ms / one, digits, { style: "unit", unit, unitDisplay: "short" });
}
