// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

import type { Position } from "./types";

/** How well counts agreed with the book: how many stand, and shares of them (None: there were none). */
export interface AccuracyView {
  counts: number;
  records_agreed: number | null;
  records_exact: number | null;
  units_right: number | null;
  difference_rate: number | null;
  net_rate: number | null;
}

/** Entries of the book; `next` is where the following ones are, None behind the last. */
export interface BookPage {
  items: Entry[];
  next: string | null;
}

/** One likely cause: the units of the difference it explains (signed; 0: it can not be told how many). */
export interface CausesCause {
  code: "debt" | "moved_while_counting" | "quarantined" | "receipt_not_booked" | "sensor_doubt" | "unit_slip" | "wrong_slot";
  units: number;
  evidence: Record<string, string | number | null>;
}

/**
 * A count of a place that differs: what was counted, by whom, when, and what the book expected then. `waiting`: it
 * waits for a second count, and `entry` is 0; else it stands in the book. `again`: it is to be counted once more.
 */
export interface CountDifference {
  place: string;
  sku: string;
  waiting: boolean;
  counts: CountMade[];
  counted: number;
  expected: number;
  difference: number;
  value: number;
  at_ms: number;
  entry: number;
  again: boolean;
}

/** Counts of the last 7 days that differ from the book, the dearest first; and how many counts stand since then. */
export interface CountDifferences {
  items: CountDifference[];
  stood: number;
}

/** Units that somebody counted at a moment. */
export interface CountMade {
  units: number;
  at_ms: number;
  by: string;
}

/**
 * A place ("" is off the shelves) and the article that is counted there. `seen`: what was found there as it was looked
 * at; where a count or the book says another thing by now, it is refused. Left out, it counts whatever was found.
 */
export interface CountPlace {
  sku: string;
  place?: string;
  seen?: CountSeen | null;
}

/**
 * What to count today; how many more wait, how many a day that is, and in how many days nothing waits any more (None:
 * never, at this pace).
 */
export interface CountRound {
  today: CountTask[];
  waiting: number;
  needed_a_day: number;
  backlog_days: number | null;
  accuracy: AccuracyView;
}

/** Units that were counted, and those that the book expected. */
export interface CountSeen {
  counted: number;
  expected: number;
}

/** A place that somebody stood before and did not count, and why. */
export interface CountSkip {
  sku: string;
  reason: "blocked" | "later" | "moving" | "not_found" | "unsafe";
  place?: string;
}

/** Somebody stood before a place and did not count it. */
export interface CountSkipped {
  reason: "blocked" | "later" | "moving" | "not_found" | "unsafe";
  by: string;
  at_ms: number;
}

/**
 * One place ("": off the shelves) to count, why today, what hangs on it in money, when it was counted last (0: never).
 * `skipped`: somebody left it out in the last 24 hours.
 */
export interface CountTask {
  place: string;
  sku: string;
  reason: "debt" | "differs" | "doubt" | "due" | "never" | "recount" | "unexplained" | "unknown";
  reasons: ("debt" | "differs" | "doubt" | "due" | "never" | "recount" | "unexplained" | "unknown")[];
  score: number;
  stake: number;
  last_ms: number;
  skipped: CountSkipped | null;
}

/** What a count came to, with the likely causes of a difference; `entry` is its number in the book (0: none yet). */
export interface CountTold {
  sku: string;
  place: string;
  verdict: "agrees" | "differs" | "recount";
  counted: number;
  expected: number;
  difference: number;
  value: number;
  causes: CausesCause[];
  entry: number;
}

/** What somebody counted at a place ("" is off the shelves), now or at `at_ms`. */
export interface Counted {
  sku: string;
  counted: number;
  place?: string;
  at_ms?: number;
}

/** Units that left before any came to be taken: for what (the entry's `ref`, else its note or kind), since when. */
export interface Debt {
  units: number;
  cause: string;
  since_ms: number;
}

/** `days`: the time that the figure looks back over, 0 for what is so at this moment. */
export interface Definition {
  id: string;
  unit: "a year" | "days" | "money" | "money a year" | "share";
  better: "down" | "up";
  days: number;
  meaning: string;
  formula: string;
}

/**
 * One fact. `units` are signed, what the site gained (a pick: negative); of a count what was found, of a quarantine
 * what was set aside (> 0) or released (< 0).
 */
export interface Entry {
  kind: "adjustment" | "count" | "loss" | "pick" | "put" | "quarantine" | "receipt" | "transfer";
  sku: string;
  units: number;
  happened_ms: number;
  known_ms: number;
  place: string;
  other: string;
  lot: string;
  expiry: string;
  unit_cost: number | null;
  ref: string;
  by: string;
  note: string;
  key: string;
  id: number;
}

/**
 * A lot that has expired (`days` below 0), or will within so many `within` days. `expiry` is the last day on which it
 * may be used.
 */
export interface Expiring {
  lot: string;
  units: number;
  expiry: string;
  days: number;
  within: number;
}

/**
 * A fact of the book as somebody tells it; left out, it happened now. Who insists gets what is named, though it is in
 * quarantine or has expired.
 */
export interface Fact {
  kind: "adjustment" | "count" | "loss" | "pick" | "put" | "quarantine" | "receipt" | "transfer";
  sku: string;
  units: number;
  happened_ms?: number;
  place?: string;
  other?: string;
  lot?: string;
  expiry?: string;
  unit_cost?: number | null;
  ref?: string;
  note?: string;
  insist?: boolean;
}

/** Units that came at one cost. */
export interface LayerView {
  units: number;
  unit_cost: number;
}

/** Units of a lot that are there and not picked, and why. */
export interface LeftOutView {
  lot: string;
  units: number;
  why: "expired" | "quarantined";
}

/**
 * Units of a lot ("": of none in particular), the last day that its label names, and the last on which it may be used
 * after what it went through ("": it does not expire). Lots go by the latter.
 */
export interface LotView {
  lot: string;
  units: number;
  expiry: string;
  effective_expiry: string;
}

/** A write that says all in its address. */
export interface Nothing {

}

/** From which lots to pick units of an SKU; so many are `missing`. */
export interface PicksView {
  sku: string;
  units: number;
  lines: LotView[];
  missing: number;
  left_out: LeftOutView[];
}

/**
 * What to do with `units` of an SKU worth `value`: `with_whom` is the neighbour or supplier. `frees` money once,
 * `saves` money a year. `idle_days` since the last movement, `cover_days` None where nothing is expected to sell.
 */
export interface Proposal {
  sku: string;
  kind: "dead" | "expired" | "slow";
  units: number;
  value: number;
  act: "discount" | "return" | "scrap" | "stop" | "transfer";
  frees: number;
  saves: number;
  idle_days: number;
  cover_days: number | null;
  with_whom: string;
}

/** What a group of customers sees. */
export interface PublicStock {
  site: string;
  tier: string;
  timezone: string;
  at_ms: number;
  skus: Shown[];
}

/**
 * `units` of an SKU for a `customer` of `tier` ("": none of the listed ones), until `until_ms` (0: without end). `ref`
 * is what it belongs to, `key` the one it came with (unique where not empty), `id` the ledger's.
 */
export interface Reservation {
  sku: string;
  units: number;
  tier: string;
  customer: string;
  made_ms: number;
  until_ms: number;
  state: "expired" | "held" | "picked" | "released";
  changed_ms: number;
  ref: string;
  note: string;
  by: string;
  key: string;
  id: number;
}

/** Units of an SKU that are held for a customer, of which `covered` are there for it. `until_ms` 0: without end. */
export interface ReservationView {
  sku: string;
  units: number;
  tier: string;
  customer: string;
  made_ms: number;
  until_ms: number;
  state: "expired" | "held" | "picked" | "released";
  changed_ms: number;
  ref: string;
  note: string;
  by: string;
  key: string;
  id: number;
  covered: number;
}

/** One row of the page. `expected` is a day of the site, where nothing is available and it is known. */
export interface Shown {
  sku: string;
  name: string;
  available: number;
  expected: string | null;
}

/**
 * Where an SKU stands. `layers` and `value`: what it cost and is worth, for who may buy; none and null for others.
 * `unseen`: what was told of slots whose scales saw nothing of it yet; after a day it holds no more.
 */
export interface Standing {
  sku: string;
  position: Position;
  available: number;
  projected: number;
  debts: Debt[];
  lots: LotView[];
  expiring: Expiring[];
  layers: LayerView[];
  value: number | null;
  unexplained: UnexplainedView[];
  unseen: UnseenView[];
}

/** Units a shelf gained of which nothing has said yet where they came from. */
export interface UnexplainedView {
  at_ms: number;
  units: number;
  slot: string;
}

/** What was told of a slot whose scale saw nothing of it yet. */
export interface UnseenView {
  entry: number;
  kind: string;
  slot: string;
  units: number;
  at_ms: number;
}

/** Units to be kept for a customer, for so many hours (0: until they are picked or released). */
export interface Wish {
  sku: string;
  units: number;
  tier?: string;
  customer?: string;
  hours?: number;
  note?: string;
}

/** What all stock was worth at a moment, as known at another. */
export interface Worth {
  at_ms: number;
  known_ms: number;
  total: number;
  skus: WorthRow[];
}

/** What the stock of one SKU was worth. */
export interface WorthRow {
  sku: string;
  units: number;
  value: number;
  costing: "average" | "fifo" | "lifo";
}
