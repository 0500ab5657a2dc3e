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
}

/**
 * Units a day, and over the lead time: mean, standard deviation, and between what nine of ten come to lie.
 */
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
 * other; `reason` says which. `limits` are codes of what bounded the policy, `rescue` is who could help out.
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

/**
 * Another policy for the same costs: its order point and level, money a year, the share met at once.
 */
export interface Rejected {
  policy: string;
  reorder_point: number;
  order_up_to: number;
  cost: number;
  fill: number;
}

/**
 * What an item is planned by: its goal (a service level, unless a backorder cost is given), costs, lots, bounds.
 */
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
 * What to do until the regular order arrives: `units` from `source`, or wait (None, 0 units).
 */
export interface Rescue {
  source: string | null;
  units: number;
  risk: number;
  risk_after: number;
  saves: number;
  costs: number;
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
 * Units of an order line that the shelves and readers saw coming; one that is gone has 0 units.
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
 * A purchase order with its value, whether it is late, and what may be done with it now.
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
}

/**
 * The site, as named in its file.
 */
export interface SiteView {
  id: string;
  name: string;
  timezone: string;
  currency: string;
}

/**
 * One slot: `count` is None when it can not be told, then `reason`/`remedy` are codes. `status` drives the map.
 * `booked` is what the book says, where there is one; `differs`: it is certain that the book is wrong.
 */
export interface SlotView {
  id: string;
  zone: string;
  sku: string;
  capacity: number;
  count: number | null;
  low: number;
  high: number;
  confidence: number;
  mass_g: number;
  at_ms: number;
  status: "empty" | "low" | "ok" | "over" | "silent" | "unknown";
  reason: string;
  remedy: string;
  device: string;
  booked: number | null;
  differs: boolean;
}

/**
 * One SKU over all its slots. `daily_demand` and what follows from it are None until demand is known. `cover_days` =
 * available / daily demand. `uncertain` counts slots whose count is unknown. available = on hand - reserved -
 * quarantined, projected = available + on order + in transit. `verdict` is "" until it is planned; `risk` is the
 * chance that an order placed now comes too late. `owed` units are debts. `limits` are what bounds its policy,
 * `rescue` who can help out before the regular supply comes, both as of now. Until `held_until_ms` the service does
 * not order it by itself, for somebody cancelled that (0: it may).
 */
export interface SkuView {
  id: string;
  name: string;
  on_hand: number;
  on_order: number;
  uncertain: number;
  daily_demand: number | null;
  reorder_point: number | null;
  order_quantity: number | null;
  cover_days: number | null;
  status: "low" | "ok" | "out" | "unknown";
  reserved: number;
  quarantined: number;
  available: number;
  in_transit: number;
  projected: number;
  order_up_to: number | null;
  abc: string;
  xyz: string;
  service_level: number | null;
  replenish: "observe" | "order" | "propose";
  discontinued: boolean;
  verdict: "" | "demand_unknown" | "discontinued" | "enough" | "no_demand" | "order" | "stock_unknown" | "unfit";
  risk: number | null;
  owed: number;
  limits: ("expires_first" | "least_lot_too_large" | "promise_out_of_reach" | "promise_too_dear" | "shelves_too_small")[];
  rescue: Rescue | null;
  held_until_ms: number;
}

/**
 * A replenishment proposal with its why, frozen as it was when the need was made or revised.
 */
export interface NeedView {
  id: number;
  sku: string;
  quantity: number;
  state: "fulfilled" | "observed" | "proposed" | "withdrawn";
  created_ms: number;
  changed_ms: number;
  why: Record<string, string | number | null>;
  card: Card | null;
  revised: number;
  order: number | null;
}

/**
 * One alert: what (rule), about what (subject, zone), how bad (1 worst .. 3), where in its life, with parameters for
 * the text. `value`/`limit` and their `unit` are in `params` where they mean something.
 */
export interface AlertView {
  id: number;
  rule: string;
  subject: string;
  zone: string;
  severity: number;
  state: "acknowledged" | "firing" | "resolved";
  since_ms: number;
  changed_ms: number;
  params: Record<string, string | number | null>;
  acknowledged_by: string;
  acknowledged_ms: number;
  note: string;
}

/**
 * A zone's climate now; `series` names the history series of its temperature, "" when it has no thermometer.
 */
export interface ZoneView {
  id: string;
  name: string;
  min_c: number | null;
  max_c: number | null;
  temperature_c: number | null;
  humidity_pct: number | null;
  at_ms: number;
  series: string;
}

/**
 * A device as its gateway sees it, and its history series by quantity. `last_seen_ms`: when the newest of what is told
 * of it was heard. `within_ms`: it is well and its gateway is connected, which would have told a longer silence than
 * this (0: nobody vouches for it). So it was heard since, though nothing worth telling came of it.
 */
export interface DeviceView {
  id: string;
  name: string;
  kind: string;
  zone: string;
  state: "offline" | "ok" | "silent" | "unseen";
  last_seen_ms: number;
  lost: number;
  duplicates: number;
  battery_pct: number | null;
  series: Record<string, string>;
  within_ms: number;
}

/**
 * A gateway's link: when it last spoke, and the highest event and telemetry numbers the ledger holds of it.
 */
export interface GatewayView {
  id: string;
  connected: boolean;
  last_seen_ms: number;
  events: number;
  telemetry: number;
  refused: number;
}

/**
 * The tiles. `known_pct`: slots whose count is known. `fill_pct`: units over capacity, of the known slots.
 * `picks_hour_before`: those of the hour before the last one.
 */
export interface Kpi {
  fill_pct: number;
  known_pct: number;
  stock_outs: number;
  below_reorder: number;
  silent_devices: number;
  open_alerts: number;
  picks_last_hour: number;
  picks_hour_before: number;
}

/**
 * Everything, at sequence `q` of epoch `epoch` (one start of the service). `v` names the page's build.
 */
export interface Snapshot {
  k: "s";
  v: string;
  epoch: string;
  q: number;
  t: number;
  site: SiteView;
  kpi: Kpi;
  slots: SlotView[];
  skus: SkuView[];
  needs: NeedView[];
  alerts: AlertView[];
  zones: ZoneView[];
  devices: DeviceView[];
  gateways: GatewayView[];
  orders: OrderView[];
  arrivals: ArrivalView[];
  measures: MeasureView[];
}

/**
 * What changed between `q - 1` and `q`: whole objects, by id. `t` is the service's time; every delta is a heartbeat.
 */
export interface Delta {
  k: "d";
  q: number;
  t: number;
  kpi?: Kpi | null;
  slots?: SlotView[];
  skus?: SkuView[];
  needs?: NeedView[];
  alerts?: AlertView[];
  zones?: ZoneView[];
  devices?: DeviceView[];
  gateways?: GatewayView[];
  orders?: OrderView[];
  arrivals?: ArrivalView[];
  measures?: MeasureView[];
}
