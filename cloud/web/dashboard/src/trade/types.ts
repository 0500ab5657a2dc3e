// What the service says beside the live stream, of orders, suppliers, figures and counts. Times are ms since 1970, money
// in the site's currency.
import type { OrderView, Position as Stand } from "../types";

export type { ArrivalView, Line as OrderLine, MeasureView, OrderView } from "../types";
export type OrderState = OrderView["state"];
export const STEPS = ["approve", "send", "confirm", "change", "ship", "receive", "close", "cancel"] as const;
export type Step = (typeof STEPS)[number];

/** An order as it was from `at_ms` on, who made it so, and by what. */
export interface OrderVersion {
  at_ms: number;
  by: string;
  action: string;
  order: Pick<OrderView, "lines" | "state" | "version" | "note" | "asking">;
}

/** What a supplier asks for what a need is of (see cloud/desks/offering.py): `units` in its packs, at `price` each and
 *  `cost` with the order's own; `total` is all that is weighed. `chosen`: units that are ordered of it, and `why`. */
export interface Offer {
  supplier: string;
  name: string;
  suspended: boolean;
  score: number | null;
  stock: number | null;
  units: number;
  price: number;
  cost: number;
  due_days: number;
  late_cost: number;
  risk: number;
  total: number;
  chosen: number;
  why: string;
}

/** Why a need was ordered where it was. Of older orders neither `offers` nor who chose is kept. */
export interface Sourced {
  sku?: string;
  splits: { supplier: string; units: number; price: number; cost: number; due_days: number; why: string }[];
  rejected: { supplier: string; units: number; cost: number | null; reason: string; saves: number }[];
  by_hand?: boolean;
  offers?: Offer[];
}

/** What came of a paper: order by order what was done, or why not; and what is wrong with how it is written. */
export interface Heard {
  done: ({ action: HeardAction; order: OrderView } | Refusal)[];
  problems: { code: string; detail: string; hint?: string }[];
  /** It came before, and nothing was done now. */
  again?: boolean;
}
/** `ask`: what it says is dearer than what was approved, and waits for the site. */
export type HeardAction = "confirm" | "ship" | "ask";
export interface Refusal {
  reason: string;
  detail: string;
  hint: string;
}

/** What to do with stock that does not move: `act` on `units`, `with_whom`; it frees money once and saves some a year. */
export interface IdleRow {
  sku: string;
  kind: "expired" | "dead" | "slow";
  units: number;
  value: number;
  act: string;
  frees: number;
  saves: number;
  idle_days: number;
  cover_days: number | null;
  with_whom: string;
}

export interface ScorePart {
  criterion: string;
  value: number | null;
  n: number;
  weight: number;
  by: string;
  at_ms: number;
}
export interface Scorecard {
  id: string;
  name: string;
  suspended: boolean;
  score: number | null;
  parts: ScorePart[];
  lead_time_days: number | null;
  lead_time_sd_days: number | null;
  on_time: number | null;
  in_full: number | null;
  open_orders: number;
  value_year: number;
  /** What it told it has, and when (0: nobody knows). */
  stock: { sku: string; units: number; at_ms: number }[];
}

/** Where an article stands, with what follows from it. */
export interface Position extends Stand {
  available: number;
  projected: number;
}
export interface Standing {
  position: Stand;
  available: number;
  projected: number;
  debts: { units: number; cause: string; since_ms: number }[];
  /** In the order they go; `effective_expiry` is the day by which that is. */
  lots: { lot: string; units: number; expiry: string; effective_expiry: string }[];
  value: number;
}
/** Of a reservation, `covered` units are there for it. */
export interface Reserved {
  id: number;
  sku: string;
  units: number;
  customer: string;
  covered: number;
}
export interface CurvePoint {
  level: number;
  fill: number;
  stock_value: number;
  cost: number;
  orders: number;
  reorder_point: number;
  lot: number;
}
export interface Curve {
  sku: string;
  policy: string;
  demand: number;
  points: CurvePoint[];
  proposed: CurvePoint | null;
  in_force: CurvePoint | null;
  reason: string;
}

/** One place to count, why today, and when it was counted last (0: never). */
export interface CountTask {
  place: string;
  sku: string;
  reasons: string[];
  score: number;
  last_ms: number;
}
export interface CountRound {
  today: CountTask[];
  backlog_days: number | null;
  /** Of the counts that stood: how many there were, and the share of them that agreed with the book. */
  accuracy: { counts: number; records_agreed: number | null };
}
export interface Cause {
  code: string;
  units: number;
  evidence: Record<string, string | number | null>;
}
export interface Finding {
  verdict: "agrees" | "recount" | "differs";
  difference: number;
  causes: Cause[];
}

export interface PortalShelf {
  sku: string;
  name: string;
  on_hand: number;
  least: number | null;
  most: number | null;
  projected: number;
  forecast_day: number | null;
  forecast_28: { low: number; mean: number; high: number } | null;
  trusted_ms: number | null;
}
export interface Portal {
  supplier: { id: string; name: string };
  site: string;
  currency: string;
  timezone: string;
  /** Of the articles it offers, on its shelves and in its orders. */
  names: Record<string, string>;
  shelves: PortalShelf[];
  agreements: { skus: string[]; decides: "site" | "supplier" }[];
  /** What it told it has, by article. */
  stock: Record<string, number>;
  /** When it told so of each; 0: nobody knows. */
  stock_ms: Record<string, number>;
  /** The papers of its shelves that were agreed on. */
  papers: string[];
  orders: OrderView[];
  /** Its plans that the site has not decided about, as they were handed in. */
  waiting: OrderView[];
}
