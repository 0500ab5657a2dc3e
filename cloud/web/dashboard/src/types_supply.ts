// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

import type { Card } from "./types";

/**
 * From now on, at `times` a day apart: units that will be there if nothing more is ordered (below 0: owed), and
 * between what 95 and 80 of 100 courses lie. `demand`: units of each local day from today on, and the same of it.
 */
export interface AheadView {
  times: number[];
  there: number[];
  low95: number[];
  low80: number[];
  high80: number[];
  high95: number[];
  demand: number[];
  demand_low95: number[];
  demand_low80: number[];
  demand_high80: number[];
  demand_high95: number[];
  out: RunsOut;
}

/**
 * One's own past lived through again: `points` of the policy proposed at several service levels, `rivals` by rules of
 * thumb, each learnt with what was known by then. `days` were judged, from `from_ms` on, of `skus`; `left` were not
 * reached in time. Without points the `reason`.
 */
export interface BackTest {
  sku: string;
  skus: number;
  left: number;
  days: number;
  from_ms: number;
  points: PastPolicy[];
  rivals: PastPolicy[];
  reason: "" | "not_planned" | "too_few_days";
}

/**
 * A need to be drafted: how many units (0: as proposed), and when it was changed last, as it was looked at (0:
 * whenever).
 */
export interface Chosen {
  need: number;
  units?: number;
  changed_ms?: number;
}

/** Units of an open order that are still to come, and when (0: nobody knows); `late`: that day is over. */
export interface ComingView {
  order: number;
  units: number;
  due_ms: number;
  late: boolean;
}

/** Needs to be put on drafts together, one for each supplier; all from one where it is named. */
export interface Drafts {
  needs: Chosen[];
  supplier?: string;
}

/** From whom a need is to be ordered (left out, from the best), and how many units (0: as is proposed by then). */
export interface From {
  supplier?: string;
  units?: number;
}

/**
 * What a policy leads to: orders a year, units of the usual lot and average stock in units (of one SKU; 0 of several),
 * its value, the share of demand met at once, the chance that more is wanted in a lead time than was there when it was
 * ordered (of several its mean), and money a year. Of one SKU also its point, level and safety stock, and what bounds
 * them.
 */
export interface Led {
  orders: number;
  lot: number;
  stock: number;
  stock_value: number;
  fill: number;
  risk: number;
  cost: number;
  reorder_point: number | null;
  order_up_to: number | null;
  safety_stock: number | null;
  limits: ("expires_first" | "least_lot_too_large" | "promise_out_of_reach" | "promise_too_dear" | "shelves_too_small")[];
}

/**
 * What came of a policy in the days that were judged: `level` it aimed at (null: a rule of its own), the share of
 * units given at once, money a year for holding and for orders, orders a year, days of an SKU on which something was
 * not there, and average stock in money.
 */
export interface PastPolicy {
  policy: string;
  level: number | null;
  fill: number;
  holding: number;
  ordering: number;
  orders: number;
  stockout_days: number;
  stock_value: number;
}

/** What waits to be ordered, what runs out first before the rest; `more`: so many were left out by the limit. */
export interface Queue {
  at_ms: number;
  items: Suggestion[];
  more: number;
}

/**
 * When nothing is left if nothing more is ordered: as expected, and between which moments in 8 of 10 cases. 0: not
 * within what is looked ahead.
 */
export interface RunsOut {
  early_ms: number;
  likely_ms: number;
  late_ms: number;
}

/**
 * What was asked for in so many days, and given at once: units. `asked` has what could not be given as far as it is
 * known, or was foretold for days on which nothing was there.
 */
export interface Served {
  days: number;
  asked: number;
  given: number;
}

/**
 * One SKU's measured past and foretold future. `days`: when each whole local day began, `demand` what was taken on it
 * (null: it was out of stock, so nobody knows what was wanted). `times` and `stock`: what was on hand from each moment
 * on, by the book, whose shelves are what their scales say (null: from then on a slot could not be counted).
 * `from_ms`: how far back was looked. `ahead` is null while demand is not known, `card` until it was planned.
 */
export interface SkuCourse {
  sku: string;
  at_ms: number;
  from_ms: number;
  days: number[];
  demand: (number | null)[];
  times: number[];
  stock: (number | null)[];
  coming: ComingView[];
  lead_time_days: number | null;
  reorder_point: number | null;
  order_up_to: number | null;
  served: Served;
  ahead: AheadView | null;
  card: Card | null;
}

/** Until when nobody wants to be asked (0: from now on again), and why. */
export interface Snooze {
  until_ms?: number;
  note?: string;
}

/**
 * A need that waits for somebody to decide: `units` proposed, from whom, when they would be there and what they cost
 * with the order's own (`cost` null: nobody offers it, `unit_cost` is the site file's). `there`: what is there in 0, 1
 * .. days if nothing is ordered; it is out at `out_ms` (0: not within these days). `risk` is the chance to run out
 * before an order placed now comes. Somebody who snoozed it does not want to see it until `snoozed_until_ms`.
 */
export interface Suggestion {
  id: number;
  sku: string;
  name: string;
  units: number;
  state: "observed" | "proposed";
  on_hand: number;
  available: number;
  coming: number;
  reorder_point: number | null;
  order_up_to: number | null;
  daily: number | null;
  risk: number | null;
  why: ("before_delivery" | "below_point" | "expires" | "gateway" | "held" | "out" | "owed" | "revised")[];
  supplier: string;
  supplier_name: string;
  lead_time_days: number;
  unit_cost: number;
  cost: number | null;
  out_ms: number;
  there: number[];
  created_ms: number;
  changed_ms: number;
  order: number | null;
  snoozed_until_ms: number;
  snoozed_by: string;
  note: string;
}

/**
 * What the planner would do now, and if demand, lead time or service were another: `skus` were planned both ways,
 * `unplanned` can not be (no demand, or figures that do not fit), `left` were not reached in time. None: nothing could
 * be planned, and `reason` says why of a single SKU.
 */
export interface WhatIf {
  sku: string;
  skus: number;
  unplanned: number;
  left: number;
  now: Led | null;
  then: Led | null;
  reason: string;
}
