// The plan frozen in a need, as the service tells it (see cloud/core/planning/cards.py).
import type { NeedView } from "../types";

export interface Plan {
  verdict: string;
  position: { on_hand: number; reserved: number; quarantined: number; on_order: number; in_transit: number };
  available: number;
  projected: number;
  ahead: {
    daily: number; daily_sd: number; lead_time_days: number; lead_time_sd_days: number; lead_time_demand: number;
    lead_time_demand_sd: number; low: number; high: number; kind: string; method: string; days: number;
  } | null;
  formula: string;
  reorder_point: number | null;
  order_up_to: number | null;
  safety_stock: number | null;
  risk: number | null;
  promise: { cost: number; stock: number; stock_value: number; orders: number; fill: number; ready: number } | null;
  rejected: { policy: string; reorder_point: number; order_up_to: number; cost: number; fill: number }[];
  abc: string;
  xyz: string;
  reason: string;
  limits: string[];
  terms: {
    service_level: number | null; backorder_cost: number | null; unit_cost: number; order_cost: number; holding_rate: number;
    moq: number; pack: number; capacity: number | null; shelf_life_days: number | null;
  } | null;
  rescue: { source: string | null; units: number; risk: number; risk_after: number; saves: number; costs: number } | null;
  revised: number;
  /** Only observed: nothing is proposed to anyone. */
  observed: boolean;
}

const EMPTY: Omit<Plan, "position" | "available" | "projected"> = {
  verdict: "", ahead: null, formula: "", reorder_point: null, order_up_to: null, safety_stock: null, risk: null, promise: null,
  rejected: [], abc: "", xyz: "", reason: "", limits: [], terms: null, rescue: null, revised: 0, observed: false,
};

/** The plan in a need; null for one that an older service proposed, which has only its figures in `why`. */
export function planOf(need: NeedView): Plan | null {
  const { card, revised = 0 } = need as NeedView & { card?: (Partial<Plan> & Pick<Plan, "position">) | null; revised?: number };
  if (!card) return null;
  const at = card.position;
  const available = card.available ?? at.on_hand - at.reserved - at.quarantined;
  return { ...EMPTY, ...card, available, projected: card.projected ?? available + at.on_order + at.in_transit, revised, observed: String(need.state) === "observed" };
}
