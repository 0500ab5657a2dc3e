// Written from cloud/core/view.py by `python -m cloud.web.schema`. Change the structs, not this file.

/**
 * Units. `on_hand` may be below 0, as a debt. `on_order` is what of open orders has not been shipped yet, `in_transit`
 * what has been shipped and not received: no unit is in both.
 */
export interface Position {
  on_hand: number;
  reserved: number;
  quarantined: number;
  on_order: number;
  in_transit: number;
  perishing: number;
  doubtful: number;
  likely: number;
}

/**
 * A `RoomNow` with its limits. `kinetic_c` is the mean kinetic temperature of the last `kinetic_hours`, `series` names
 * its thermometers, `doors` the contacts of its doors (1: open).
 */
export interface RoomView {
  id: string;
  zone: string;
  storage: string;
  kind: "" | "breach" | "defrost" | "excursion";
  why: "" | "aged" | "budget" | "kinetic" | "too_far" | "too_long";
  side: number;
  since_ms: number;
  peak_c: number;
  outside_ms: number;
  celsius: number | null;
  at_ms: number;
  limit_c: number | null;
  to_limit_min: number | null;
  lots: number;
  excursion: number;
  undecided: number;
  low_c: number | null;
  high_c: number | null;
  outer_low_c: number | null;
  outer_high_c: number | null;
  kinetic_c: number | null;
  kinetic_limit_c: number | null;
  kinetic_hours: number;
  series: string[];
  doors: string[];
}

/**
 * An asset in the list. `state`: `unseen` nothing heard yet, `learning` not judged yet in all that it will be, `well`,
 * `watch` (a fault of severity 3), `sick` (a worse one), `blind`: it is judged by what does not come now. `part_of`:
 * the reader of an antenna. `notes`: what was wrong with its data, counted.
 */
export interface AssetView {
  id: string;
  name: string;
  kind: "antenna" | "gateway" | "machine" | "reader" | "refrigerator" | "scale" | "thermometer";
  zone: string;
  part_of: string;
  state: "blind" | "learning" | "sick" | "unseen" | "watch" | "well";
  health: number;
  days: [number, number, number] | null;
  faults: Fault[];
  why: Feature[];
  heard_ms: number;
  notes: Record<string, number>;
}

/**
 * What is wrong now. `severity` 1 is worst, 3 mildest; `params` are the numbers that say so, units in their names;
 * `channel` where the device has several ("" for all of it).
 */
export interface Fault {
  code: "abnormal" | "antenna_dead" | "battery_low" | "blocked_air" | "creep" | "door_open" | "drift" | "fan" | "icing" | "losing_capacity" | "noise" | "read_rate" | "refrigerant" | "silent" | "spikes" | "stuck" | "wearing";
  severity: number;
  since_ms: number;
  params: Record<string, string | number | null>;
  channel: string;
}

/** A feature that moved, with the range that is normal for it. */
export interface Feature {
  name: string;
  value: number;
  normal_low: number;
  normal_high: number;
  unit: string;
}

/**
 * Why there is an order: the `rule` that saw something, the `fault` it took it for, the `alert` it raised (0: none),
 * the days left (low, middle, high) as they were foretold then. All empty where a person had a reason of their own.
 */
export interface Cause {
  rule: string;
  fault: string;
  alert: number;
  days: [number, number, number] | null;
}

/** What somebody noted. */
export interface Note {
  at_ms: number;
  by: string;
  text: string;
}

/** What was found and done; whether what told of it was right ("": nobody says). */
export interface Outcome {
  found: string;
  did: string;
  verdict: "" | "right" | "wrong";
}

/** Units a day, and over the lead time: mean, standard deviation, and between what nine of ten come to lie. */
export interface Ahead {
  daily: number;
  daily_sd: number;
  lead_time_days: number;
  lead_time_sd_days: number;
  lead_time_demand: number;
  lead_time_demand_sd: number;
  low: number;
  high: number;
  kind: string;
  method: string;
  days: number;
}

/**
 * One SKU's plan. `order` units are to be ordered now; `risk` is the chance to run out before an order placed now
 * would arrive. Without demand there is no policy but by hand. An item is "unfit" when its figures do not fit each
 * other; `reason` says which. `limits` are codes of what bounded the policy, `rescue` is who could help out, `supply`
 * whose terms it is planned by.
 */
export interface Card {
  sku: string;
  verdict: "enough" | "no_demand" | "order" | "owed" | "unfit";
  order: number;
  position: Position;
  available: number;
  projected: number;
  ahead: Ahead | null;
  policy: string;
  formula: string;
  reorder_point: number | null;
  order_up_to: number | null;
  safety_stock: number | null;
  risk: number | null;
  promise: Promise | null;
  rejected: Rejected[];
  abc: string;
  xyz: string;
  reason: string;
  limits: ("expires_first" | "least_lot_too_large" | "promise_out_of_reach" | "promise_too_dear" | "shelves_too_small")[];
  terms: Terms | null;
  rescue: Rescue | null;
  supply: Supply | null;
}

/**
 * What the policy leads to in a year: money in all, average stock in units and money, orders, the share of demand met
 * at once, the share of days at whose end nothing is owed, and the units that expire, whose price `cost` has.
 */
export interface Promise {
  cost: number;
  stock: number;
  stock_value: number;
  orders: number;
  fill: number;
  ready: number;
  waste: number;
}

/** Another policy for the same costs: its order point and level, money a year, the share met at once. */
export interface Rejected {
  policy: string;
  reorder_point: number;
  order_up_to: number;
  cost: number;
  fill: number;
}

/** What an item is planned by: its goal (a service level, unless a backorder cost is given), costs, lots, bounds. */
export interface Terms {
  service_level: number | null;
  backorder_cost: number | null;
  unit_cost: number;
  order_cost: number;
  holding_rate: number;
  moq: number;
  pack: number;
  capacity: number | null;
  shelf_life_days: number | null;
  review_days: number | null;
}

/**
 * Whose terms an SKU is planned by ("": its own), and what they are: what a unit of the usual lot costs on average, an
 * order's own cost, the lots it sells, how many of its deliveries the lead time was measured on (0: as quoted), and
 * the units from which on that price holds, where a lot reaches a price break (else 0).
 */
export interface Supply {
  supplier: string;
  price: number;
  order_cost: number;
  moq: number;
  pack: number;
  lead_lines: number;
  price_from: number;
}

/** What to do until the regular order arrives: `units` from `source`, or wait (None, 0 units). */
export interface Rescue {
  source: string | null;
  units: number;
  risk: number;
  risk_after: number;
  saves: number;
  costs: number;
}

/** A line as the supplier would have it, where that is dearer than what was approved: nobody agreed to it yet. */
export interface AskedLine {
  sku: string;
  units: number;
  unit_price: number;
  due_ms: number;
}

/**
 * One SKU of an order. `received` units were taken in, `rejected` ones came and were not: the supplier still owes
 * them. `shipped` is what left the supplier so far, never less than what came. `due_ms` is promised, else expected, 0
 * where nobody knows.
 */
export interface Line {
  sku: string;
  units: number;
  unit_price: number;
  received: number;
  rejected: number;
  shipped: number;
  due_ms: number;
}

/**
 * Units of an order line that the shelves and readers saw coming; one that is gone has 0 units. `taken`: as many of
 * them as are taken in without asking.
 */
export interface ArrivalView {
  id: string;
  order: number;
  sku: string;
  units: number;
  from_ms: number;
  to_ms: number;
  slots: string[];
  evidence: Record<string, number>;
  confidence: number;
  difference: number;
  taken: number;
}

/**
 * A key figure as it is now; `value` is None where it can not be told, and `reason` says why. `trend`: less what it
 * was 30 days before. `n` is what it rests on.
 */
export interface MeasureView {
  id: string;
  value: number | null;
  unit: string;
  n: number;
  since_ms: number;
  trend: number | null;
  target: number | null;
  better: "down" | "up";
  reason: string;
}

/**
 * A purchase order with its value, whether it is late, and what may be done with it now. `asking`: lines as the
 * supplier would have them, dearer than was approved; `supplier_note` is what it noted, `note` what we did.
 */
export interface OrderView {
  id: number;
  supplier: string;
  supplier_name: string;
  state: "approved" | "cancelled" | "closed" | "confirmed" | "draft" | "partly_received" | "received" | "sent";
  value: number;
  lines: Line[];
  created_ms: number;
  changed_ms: number;
  by: string;
  sent_ms: number;
  needs: number[];
  note: string;
  version: number;
  late: boolean;
  may: string[];
  asking: AskedLine[];
  supplier_note: string;
}

/**
 * A part of an order. Of the units that are wanted and not taken, `there` are to be had and `short` are not;
 * `expected_ms` is when these are expected, None where nobody knows or nothing is short.
 */
export interface PartView {
  sku: string;
  name: string;
  units: number;
  taken: number;
  used: number;
  there: number;
  short: number;
  expected_ms: number | null;
}

/**
 * An order as it is now: `late` where its window is over without its start, or its end; `may` is what can be done with
 * it, `verdict` what was said of its cause. Without a title its cause says what it is about.
 */
export interface WorkView {
  id: number;
  asset: string;
  zone: string;
  title: string;
  state: "cancelled" | "done" | "draft" | "in_work" | "planned";
  cause: Cause;
  from_ms: number;
  until_ms: number;
  whole_zone: boolean;
  assigned_to: string;
  parts: PartView[];
  notes: Note[];
  outcome: Outcome | null;
  created_ms: number;
  changed_ms: number;
  by: string;
  started_ms: number;
  ended_ms: number;
  version: number;
  late: "" | "not_started" | "overrun";
  may: string[];
  verdict: "" | "not_now" | "right" | "wrong";
}

/**
 * A rectangle: how far its upper left corner is from the left and the upper edge of the plan, its width and depth, all
 * in metres.
 */
export interface Area {
  x_m: number;
  y_m: number;
  width_m: number;
  depth_m: number;
}
