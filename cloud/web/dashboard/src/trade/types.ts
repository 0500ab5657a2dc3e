// What the service says of orders, arrivals, suppliers and figures. Times are ms since 1970, money in the site's currency.

export type OrderState = "draft" | "approved" | "sent" | "confirmed" | "partly_received" | "received" | "closed" | "cancelled";
export const STEPS = ["approve", "send", "confirm", "change", "ship", "receive", "close", "cancel"] as const;
export type Step = (typeof STEPS)[number];

/** `received` are good units, `rejected` came and are not kept, `shipped` are all that left the supplier. */
export interface OrderLine {
  sku: string;
  units: number;
  unit_price: number;
  received: number;
  rejected: number;
  shipped: number;
  due_ms: number;
}
export interface OrderView {
  id: number;
  supplier: string;
  supplier_name: string;
  state: OrderState;
  value: number;
  lines: OrderLine[];
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
export interface OrderVersion {
  version: number;
  at_ms: number;
  by: string;
  action: string;
  order: Omit<OrderView, "may" | "late" | "supplier_name" | "value">;
}

/** What the shelves saw coming, beside the order it fits best. 0 units: it is gone. */
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

/** A figure of how the site does; `reason` is a code that says why its value is not known. */
export interface MeasureView {
  id: string;
  value: number | null;
  unit: string;
  n: number;
  since_ms: number;
  trend: number | null;
  target: number | null;
  better: string;
  reason: string;
}
export interface IdleRow {
  sku: string;
  units: number;
  value: number;
  days: number | null;
  action: string;
  saves: number | null;
}

export interface ScorePart {
  id: string;
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
}

export interface Position {
  on_hand: number;
  reserved: number;
  quarantined: number;
  available: number;
  on_order: number;
  in_transit: number;
  projected: number;
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
  accuracy: number | null;
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
  trusted_ms: number;
}
export interface Portal {
  supplier: string | { id: string; name: string };
  site: { id: string; name: string; timezone: string; currency: string } | string;
  shelves: PortalShelf[];
  orders: OrderView[];
  agreements: { skus: string[]; decides: string }[];
}
