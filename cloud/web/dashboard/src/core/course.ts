// What a chart of an article shows: its measured past and foretold future on one time axis, in seconds. Pure.
import type { AheadView, SkuCourse } from "../types_supply";

export const DAY_MS = 86_400_000;
/** How far back can be looked, in days. */
export const RANGES = [14, 42, 91, 365] as const;
const AHEAD_LEAST_DAYS = 10;

export type Column = (number | null)[];

/** Times in seconds; measured; as expected, and the band's edges; with what would be ordered. Null: nothing there. */
export interface Drawn {
  t: number[];
  measured: Column;
  expected: Column;
  low95: Column;
  low80: Column;
  high80: Column;
  high95: Column;
  ordered: Column;
}

/** From when to when a chart of so many past days reaches: no further back than something is known, into the future for a
 *  third of it, and past its supply. */
export function reach(course: SkuCourse, days: number): { from: number; to: number } {
  const ahead = Math.max(AHEAD_LEAST_DAYS, days / 3, (course.lead_time_days ?? 0) * 1.5);
  const last = course.ahead?.times.at(-1) ?? course.at_ms;
  const first = Math.min(course.times[0] ?? Infinity, course.days[0] ?? Infinity);
  const from = Math.max(course.at_ms - days * DAY_MS, Math.min(first - DAY_MS, course.at_ms - 7 * DAY_MS));
  return { from, to: Math.max(course.at_ms + DAY_MS, Math.min(last, course.at_ms + ahead * DAY_MS)) };
}

/** Stock: measured until now, foretold from now on. What would be owed is drawn as nothing left. `ordered`: units that
 *  would come after the lead time. */
export function stockOf(course: SkuCourse, ordered = 0): Drawn {
  const past = course.times.map((ms) => ms / 1000);
  const { ahead } = course;
  const there = (column: number[]) => column.map((units) => Math.max(0, units));
  const lead = course.lead_time_days ?? 0;
  const more = (ahead?.there ?? []).map((units, day) => (ordered && day >= lead ? Math.max(0, units + ordered) : null));
  return joined(past, course.stock, ahead, ahead ? ahead.times : [], ahead ? [there(ahead.there), there(ahead.low95), there(ahead.low80), there(ahead.high80), there(ahead.high95)] : [], more);
}

/** Demand of each day at its middle: what was taken, and what is expected from today on. */
export function demandOf(course: SkuCourse): Drawn {
  const middle = (ms: number) => (ms + DAY_MS / 2) / 1000;
  const { ahead } = course;
  const today = (course.days.at(-1) ?? course.at_ms - DAY_MS) + DAY_MS;
  const times = ahead ? ahead.demand.map((_, day) => today + day * DAY_MS + DAY_MS / 2) : [];
  return joined(course.days.map(middle), course.demand, ahead, times, ahead ? [ahead.demand, ahead.demand_low95, ahead.demand_low80, ahead.demand_high80, ahead.demand_high95] : [], times.map(() => null));
}

function joined(past: number[], measured: Column, ahead: AheadView | null, times: number[], columns: number[][], ordered: Column): Drawn {
  const empty: Column = past.map(() => null);
  const later: Column = times.map(() => null);
  const column = (at: number): Column => [...empty, ...(ahead ? columns[at]! : [])];
  return {
    t: [...past, ...times.map((ms) => ms / 1000)],
    measured: [...measured, ...later],
    expected: column(0),
    low95: column(1),
    low80: column(2),
    high80: column(3),
    high95: column(4),
    ordered: [...empty, ...ordered],
  };
}

/** What a chart says at a time: the last measured before it, or what is expected then (in between, on the straight line). */
export function at(drawn: Drawn, seconds: number): { measured: number | null; expected: number | null; low80: number | null; high80: number | null } | null {
  const { t } = drawn;
  if (!t.length) return null;
  const nowAt = drawn.expected.findIndex((one) => one !== null);
  if (nowAt < 0 || seconds < t[nowAt]!) {
    let index = -1;
    for (let i = 0; i < (nowAt < 0 ? t.length : nowAt) && t[i]! <= seconds; i++) index = i;
    return index < 0 ? null : { measured: drawn.measured[index] ?? null, expected: null, low80: null, high80: null };
  }
  let after = nowAt;
  while (after < t.length - 1 && t[after]! < seconds) after++;
  const before = Math.max(nowAt, after - 1);
  const share = after === before ? 0 : Math.min(1, Math.max(0, (seconds - t[before]!) / (t[after]! - t[before]!)));
  const between = (column: Column) => (column[before] === null || column[after] === null ? null : column[before]! + share * (column[after]! - column[before]!));
  return { measured: null, expected: between(drawn.expected), low80: between(drawn.low80), high80: between(drawn.high80) };
}
