// Written from cloud/core/view.py by `python -m cloud.web.schema`. Change the structs, not this file.

import type { Area, ArrivalView, AssetView, Card, MeasureView, OrderView, Rescue, RoomView, WorkView } from "./types_rooms";
export type { Ahead, Area, ArrivalView, AskedLine, AssetView, Card, Cause, Fault, Feature, Line, MeasureView, Note, OrderView, Outcome, PartView, Position, Promise, Rejected, Rescue, RoomView, Supply, Terms, WorkView } from "./types_rooms";

/** A slot on a rack: in its `bay` (1 the first) on its `level` (from the floor up). */
export interface Shelved {
  id: string;
  bay: number;
  level: number;
}

/** A rack that is on the floor plan, and the slots on it. */
export interface RackView {
  id: string;
  zone: string;
  name: string;
  bays: number;
  levels: number;
  area: Area;
  slots: Shelved[];
}

/** The site, as named in its file; `racks`: those that are on its floor plan. */
export interface SiteView {
  id: string;
  name: string;
  timezone: string;
  currency: string;
  racks: RackView[];
}

/**
 * One slot: `count` is None when it can not be told, then `reason`/`remedy` are codes. `status` drives the map;
 * `silent`: its device speaks no more, or its gateway is away (`reason` gateway_away), and the rest is as it was then.
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

/** What of a slot is another than before (see `SlotView`); of one that is new, all. */
export interface SlotChange {
  id: string;
  zone?: string;
  sku?: string;
  capacity?: number;
  count?: number | null;
  low?: number;
  high?: number;
  confidence?: number;
  mass_g?: number;
  at_ms?: number;
  status?: "empty" | "low" | "ok" | "over" | "silent" | "unknown";
  reason?: string;
  remedy?: string;
  device?: string;
  booked?: number | null;
  differs?: boolean;
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

/** A replenishment proposal with its why, frozen as it was when the need was made or revised. */
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
 * the text. `value`/`limit` and their `unit` are in `params` where they mean something. `nodata`: that something is
 * not known, not that it is bad; `reopened`: so often it came back. `acted_by`: who did the last thing that came of
 * it, and when ("" and 0: no person, or nobody knows).
 */
export interface AlertView {
  id: number;
  rule: string;
  subject: string;
  zone: string;
  severity: number;
  state: "acknowledged" | "firing" | "resolved" | "shelved";
  since_ms: number;
  changed_ms: number;
  params: Record<string, string | number | null>;
  acknowledged_by: string;
  acknowledged_ms: number;
  note: string;
  assigned_to: string;
  shelved_until_ms: number;
  reopened: number;
  nodata: boolean;
  acted_by: string;
  acted_ms: number;
}

/**
 * A zone's climate now; `series` names the history series of its temperature, "" when it has no thermometer; `area`:
 * where it is on the floor plan.
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
  area: Area | null;
}

/**
 * A device as its gateway sees it, and its history series by quantity. `last_seen_ms`: when the newest of what is told
 * of it was heard. `within_ms`: it is well and its gateway is connected, which would have told a longer silence than
 * this (0: nobody vouches for it). So it was heard since, though nothing worth telling came of it. `away`: its gateway
 * is, and nothing is known of it since. `gateway`: which one, while it is away ("": nobody knows).
 */
export interface DeviceView {
  id: string;
  name: string;
  kind: string;
  zone: string;
  state: "away" | "offline" | "ok" | "silent" | "unseen";
  last_seen_ms: number;
  lost: number;
  duplicates: number;
  battery_pct: number | null;
  series: Record<string, string>;
  within_ms: number;
  gateway: string;
}

/** A gateway's link: when it last spoke, and the highest event and telemetry numbers the ledger holds of it. */
export interface GatewayView {
  id: string;
  connected: boolean;
  last_seen_ms: number;
  events: number;
  telemetry: number;
  refused: number;
}

/**
 * The tiles. `open_alerts`: that fire and say that something is wrong, not that it is not known. `known_pct`: slots
 * whose count is known now, so none that are silent. `fill_pct`: units over capacity, of the slots with a count, if of
 * old. `silent_devices`: those whose gateway is away too. `picks_hour_before`: those of the hour before the last one.
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

/** Everything, at sequence `q` of epoch `epoch` (one start of the service). `v` names the page's build. */
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
  rooms: RoomView[];
  assets: AssetView[];
  works: WorkView[];
}

/**
 * What changed between `q - 1` and `q`: whole objects, by id, and of slots, which are many, what is new of each. `t`
 * is the service's time; every delta is a heartbeat.
 */
export interface Delta {
  k: "d";
  q: number;
  t: number;
  kpi?: Kpi | null;
  slots?: SlotChange[];
  skus?: SkuView[];
  needs?: NeedView[];
  alerts?: AlertView[];
  zones?: ZoneView[];
  devices?: DeviceView[];
  gateways?: GatewayView[];
  orders?: OrderView[];
  arrivals?: ArrivalView[];
  measures?: MeasureView[];
  rooms?: RoomView[];
  assets?: AssetView[];
  works?: WorkView[];
}
