// What waits to be ordered, as tabs show it. Pure.
import type { NeedView, OrderView } from "../types";
import type { Suggestion } from "../types_supply";

export const TABS = ["decide", "snoozed", "drafts", "sent", "late", "received", "backtest", "what_if"] as const;
export type Tab = (typeof TABS)[number];

/** The tab that an address names; the first where it names none. */
export const tabOf = (part: string): Tab => TABS.find((one) => one === part) ?? "decide";

const untilOf = ({ why }: NeedView): number => (typeof why.snoozed_until_ms === "number" ? why.snoozed_until_ms : 0);
export const isSnoozed = (need: NeedView, now: number): boolean => untilOf(need) > now;

/** Needs in the order in which what they are of runs out; what the queue does not know yet goes last, as it was. */
export function ranked(needs: NeedView[], queue: ReadonlyMap<number, Suggestion>): NeedView[] {
  const rank = (need: NeedView) => queue.get(need.id)?.out_ms || Infinity;
  return [...needs].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

/** The order that a need is on; one that was cancelled is none. */
export const orderOf = (need: NeedView, orders: OrderView[]): OrderView | undefined => orders.find((one) => one.state !== "cancelled" && (one.needs.includes(need.id) || one.id === need.order));

/** What is shown while somebody is about to act: all keep their places, what left too, and what is new comes last. */
export const kept = (before: readonly number[], now: readonly number[]): number[] => [...new Set([...before, ...now])];

/** More than this many days of demand are asked about before they are ordered. */
const DAYS_MUCH = 365;

/** What is strange about so many units: for how many days they would last, or how many the shelves hold (`room`, null where
 *  it lies on none) beside what is there and coming. The null ones are not strange. */
export function strange(units: number, { daily, on_hand, coming }: Pick<Suggestion, "daily" | "on_hand" | "coming">, room: number | null): { days: number | null; room: number | null } {
  const days = daily ? units / daily : 0;
  return { days: days > DAYS_MUCH ? days : null, room: room !== null && units + on_hand + coming > room ? room : null };
}

/** The orders of a tab. */
export function ordersOf(tab: Tab, orders: OrderView[]): OrderView[] {
  const open = ["sent", "confirmed", "partly_received"];
  const of: Partial<Record<Tab, (order: OrderView) => boolean>> = {
    drafts: ({ state }) => state === "draft" || state === "approved",
    sent: ({ state }) => open.includes(state),
    late: ({ late }) => late,
    received: ({ state }) => state === "received" || state === "closed",
  };
  const wanted = of[tab];
  return wanted ? orders.filter(wanted) : [];
}

/** What a sparkline shows: the course without an order and with it, 0 below to 1 on top, over `days`. What is owed is drawn
 *  as nothing left. `out`: where it is out, as a share of the width; null where it is not. */
export function effect(one: Suggestion, units: number, days: number): { without: string; with_order: string; point: number | null; out: number | null } {
  const last = Math.min(days, one.there.length - 1);
  const without = one.there.slice(0, last + 1).map((left) => Math.max(0, left));
  const lead = Math.ceil(one.lead_time_days);
  const more = one.there.slice(0, last + 1).map((left, day) => (day >= lead ? Math.max(0, left + units) : Math.max(0, left)));
  const most = Math.max(1, ...without, ...more, one.reorder_point ?? 0);
  const path = (column: number[], from: number) => column.map((left, day) => (day < from ? "" : `${day === from ? "M" : "L"}${((100 * day) / Math.max(1, last)).toFixed(1)} ${(100 - (96 * left) / most).toFixed(1)}`)).join("");
  const out = one.there.findIndex((left) => left <= 0);
  const share = out < 0 || out > last ? null : out === 0 ? 0 : (out - 1 + one.there[out - 1]! / (one.there[out - 1]! - one.there[out]!)) / Math.max(1, last);
  return { without: path(without, 0), with_order: path(more, Math.max(0, lead - 1)), point: one.reorder_point === null ? null : 100 - (96 * one.reorder_point) / most, out: share };
}
