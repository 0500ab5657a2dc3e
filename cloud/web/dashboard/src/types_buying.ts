// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

import type { AskedLine, Line, OrderView } from "./types";
import type { Agreement, Problem } from "./types_partners";
import type { Definition, Proposal } from "./types_stock";

/**
 * What a supplier sees of one SKU, units: what is there and free, what will be there once all that was ordered of it
 * came, between what to keep it, and what is expected to be taken. `coming`: what is to come of it by this supplier's
 * orders, and by its plans that the site has not decided about.
 */
export interface AgreementsShelf {
  sku: string;
  name: string;
  on_hand: number;
  available: number;
  projected: number;
  least: number | null;
  most: number | null;
  forecast_day: number | null;
  forecast_28: Span | null;
  trusted_ms: number | null;
  coming: number;
}

/** What a person says of an arrival: units that are kept, and not. */
export interface Came {
  units: number;
  rejected?: number;
  lot?: string;
  expiry?: string;
  note?: string;
  anyway?: boolean;
}

/**
 * Points over `LEVELS`, the policy proposed and that in force; `demand` units a year. Without a plan no points, and
 * the `reason`.
 */
export interface Curve {
  sku: string;
  policy: string;
  demand: number;
  points: Point[];
  proposed: Point | null;
  in_force: Point | null;
  reason: string;
}

/**
 * What came of a partner's paper, order by order; what was wrong with the paper. `again`: it had come before, and
 * nothing was done now.
 */
export interface Heard {
  done: PaperOutcome[];
  problems: Problem[];
  again: boolean;
}

/** A key figure by what it means, and what is behind it: what to do with each SKU that does not move. */
export interface MeasureDetail {
  id: string;
  definition: Definition;
  rows: Proposal[];
}

/** A thing by its id, and its name. */
export interface Named {
  id: string;
  name: string;
}

/** A draft by hand. */
export interface NewOrder {
  supplier: string;
  lines: OfficeWanted[];
  note?: string;
}

/**
 * One supplier alone: `units` in its packs, `price` a unit at the break they reach, `cost` of the goods with the
 * order's own, `due_days` from now. `late_cost` is expected for units owed until they come, `risk` the chance to run
 * out before; `total` is all that is weighed, for the units that are wanted. `chosen`: units that are ordered of it
 * (0: none); `why` they are, or what tells most against it ("": not worked out). `stock` is what it says it has.
 */
export interface OfferView {
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

/** Units of an SKU to be ordered. */
export interface OfficeWanted {
  sku: string;
  units: number;
}

/** A purchase order as one of its versions has it; `by` is who made this version, `id` the ledger's. */
export interface Order {
  supplier: string;
  lines: Line[];
  state: "approved" | "cancelled" | "closed" | "confirmed" | "draft" | "partly_received" | "received" | "sent";
  created_ms: number;
  changed_ms: number;
  by: string;
  sent_ms: number;
  confirmed_ms: number;
  closed_ms: number;
  needs: number[];
  note: string;
  version: number;
  id: number;
  keys: string[];
  said: Record<string, string>;
  asking: AskedLine[];
  proposed: Line[];
  revised_ms: number;
  supplier_note: string;
}

/** An order with its versions, oldest first, and by need why it was ordered there. */
export interface OrderDetail {
  order: OrderView;
  versions: OrderVersion[];
  sourced: Record<string, SourcedView>;
}

/** An order as it was from `at_ms` on, who made it so, and by what. */
export interface OrderVersion {
  order: Order;
  at_ms: number;
  by: string;
  action: string;
}

/** The orders that a need became. */
export interface Ordered {
  orders: OrderView[];
}

/** Orders, the newest first; `next` is where older ones are, None behind the last. */
export interface OrdersPage {
  items: OrderView[];
  next: string | null;
}

/**
 * What came of what a paper asks of one order: the `action` that was done (`ask`: it is dearer than what was approved,
 * and waits for the site) with the order as it is now; or why not: `reason`, `detail`, `hint`.
 */
export interface PaperOutcome {
  action?: "ask" | "confirm" | "ship" | "";
  order?: OrderView | null;
  reason?: string;
  detail?: string;
  hint?: string;
}

/**
 * A policy: the share of demand it is to meet (`level`) and does (`fill`); average stock in money; money a year
 * `spent` on orders, holding and what expires, and its `cost` with owing; orders a year. `reorder_point` and `lot` in
 * units, 0 of a set.
 */
export interface Point {
  level: number;
  fill: number;
  stock_value: number;
  spent: number;
  cost: number;
  orders: number;
  reorder_point: number;
  lot: number;
}

/**
 * All that a supplier sees. `names`: of the articles it offers, on its shelves and in its orders; `stock`: what it
 * told it has by article, `stock_ms`: when (0: nobody knows); `papers` of its shelves that were agreed on; `waiting`:
 * its plans that the site has not decided about.
 */
export interface PortalView {
  supplier: Named;
  site: string;
  currency: string;
  timezone: string;
  stock: Record<string, number>;
  stock_ms: Record<string, number>;
  names: Record<string, string>;
  at_ms: number;
  papers: string[];
  shelves: AgreementsShelf[];
  orders: OrderView[];
  waiting: OrderView[];
  agreements: Agreement[];
}

/**
 * What somebody thinks of a supplier. `seen_ms`: when the score that was looked at was given (0: there was none);
 * where another was given since, this one is refused. Left out, it counts whatever was given.
 */
export interface Score {
  criterion: "innovation" | "service";
  value: number;
  note?: string;
  seen_ms?: number | null;
}

/**
 * `score` is 0 to 100, None where no criterion is known. `missing` ones were left out, the weights of the rest scaled
 * up to make 1.
 */
export interface Scorecard {
  supplier: string;
  score: number | null;
  parts: ScorecardsPart[];
  missing: ("cost" | "delivery" | "innovation" | "quality" | "service")[];
}

/**
 * One criterion on the card: `value` 0 to 100, None where nothing is known; `weight` as given; `share` what it makes
 * of the score, after what is not known was left out; `n` lines or marks it rests on.
 */
export interface ScorecardsPart {
  criterion: "cost" | "delivery" | "innovation" | "quality" | "service";
  value: number | null;
  weight: number;
  share: number;
  n: number;
  by: string;
  at_ms: number;
}

/** Why a need was ordered where it was. Of older orders neither the offers nor who chose is kept. */
export interface SourcedView {
  splits: Split[];
  rejected: SourcingRejected[];
  late_cost?: number;
  risk?: number;
  sku?: string;
  by_hand?: boolean | null;
  offers?: OfferView[];
}

/**
 * Another choice: its units, what it would cost in all with what is expected of lateness (None: not worked out), and
 * what tells most against it. A `larger_lot` than wanted would save `saves` a year.
 */
export interface SourcingRejected {
  supplier: string;
  units: number;
  cost: number | null;
  reason: "excess" | "larger_lot" | "late" | "no_stock" | "order_cost" | "price" | "score" | "suspended" | "under_floor";
  saves: number;
}

/** Units expected to be asked for in a time: mean, and between what nine of ten come to lie. */
export interface Span {
  low: number;
  mean: number;
  high: number;
}

/** Units by SKU that this site can send, or, below 0, could use. */
export interface Spare {
  site: string;
  at_ms: number;
  skus: Record<string, number>;
}

/** What was taken of what a neighbour told: SKUs that are known here, and those that are not. */
export interface SpareTaken {
  neighbour: string;
  taken: number;
  unknown: string[];
}

/**
 * So many units to order from one supplier. `price` a unit, `cost` with the order's own, `due_days` from now. `why`:
 * only_one (nobody else can), cheapest (in all), sooner (dearer goods, less lateness), score (dearer, a better
 * supplier), split_risk, split_stock (who is cheap does not have enough), backlog (nobody has enough: it has to be
 * waited for), fallback (suspended or under the score floor, and nobody else can: a person should look at it).
 */
export interface Split {
  supplier: string;
  units: number;
  price: number;
  cost: number;
  due_days: number;
  why: "backlog" | "cheapest" | "fallback" | "only_one" | "score" | "sooner" | "split_risk" | "split_stock";
}

/**
 * A step in an order's life. `version` is the one that was looked at (0: whichever it is by now); `anyway`: though too
 * much came, or the goods are on their way.
 */
export interface Step {
  version?: number;
  lines?: StepLine[];
  note?: string;
  anyway?: boolean;
  key?: string;
  came_ms?: number;
}

/** What a step says of an SKU: units wanted or agreed or shipped, taken in or rejected, price, date. */
export interface StepLine {
  sku: string;
  units?: number | null;
  received?: number | null;
  rejected?: number;
  unit_price?: number | null;
  due_ms?: number | null;
}

/** What a supplier has told it has, and what it named that it does not offer. */
export interface StockTaken {
  skus: Record<string, number>;
  not_offered: string[];
}

/** What a supplier said it has of an SKU, and when; 0: nobody knows. */
export interface StockTold {
  sku: string;
  units: number;
  at_ms: number;
}

/**
 * A supplier's card as people see it. Its lead time is the mean over its articles, by the `lead_lines` lines it was
 * measured from; 0: it is what the site file quotes. `stock` is what it told it has, which stands above the site file.
 */
export interface SupplierView {
  id: string;
  name: string;
  suspended: boolean;
  score: number | null;
  parts: ScorecardsPart[];
  missing: string[];
  lead_time_days: number | null;
  lead_time_sd_days: number | null;
  lead_lines: number;
  on_time: number | null;
  in_full: number | null;
  accepted: number | null;
  lines: number;
  open_orders: number;
  value_year: number;
  stock: StockTold[];
}
