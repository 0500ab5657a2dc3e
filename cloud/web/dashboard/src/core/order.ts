// In which order a person should see things: worst first. Pure.
import type { AlertView, DeviceView, GatewayView, NeedView, SkuView, SlotView } from "../types";

/** Alerts: unacknowledged first, then the more severe, then the newer. */
export function byUrgency(a: AlertView, b: AlertView): number {
  return Number(a.state !== "firing") - Number(b.state !== "firing") || a.severity - b.severity || b.since_ms - a.since_ms || b.id - a.id;
}

const SKU_RANK = { out: 0, unknown: 1, low: 2, ok: 3 } as const;

/** Articles: the one that runs out first comes first; without a known demand, by how bad its stock is. */
export function byCover(a: SkuView, b: SkuView): number {
  const cover = (one: SkuView) => one.cover_days ?? (one.status === "out" ? 0 : Infinity);
  const [x, y] = [cover(a), cover(b)];
  return (x === y ? 0 : x - y) || SKU_RANK[a.status] - SKU_RANK[b.status] || compare(a.id, b.id);
}

/** Proposals: by the days their stock would last, then the older. */
export function byNeed(a: NeedView, b: NeedView): number {
  const days = (need: NeedView) => {
    const [position, demand] = [Number(need.why.position ?? 0), Number(need.why.daily_demand ?? 0)];
    return demand > 0 ? position / demand : Infinity;
  };
  const [x, y] = [days(a), days(b)];
  return (x === y ? 0 : x - y) || a.id - b.id;
}

/** What is over: the latest first. */
export function byEnd(a: NeedView | AlertView, b: NeedView | AlertView): number {
  return b.changed_ms - a.changed_ms || b.id - a.id;
}

const DEVICE_RANK = { offline: 0, silent: 1, away: 2, unseen: 3, ok: 4 } as const;

/** Devices: those that do not speak first, the longest silent on top. */
export function byHealth(a: DeviceView, b: DeviceView): number {
  return DEVICE_RANK[a.state] - DEVICE_RANK[b.state] || (a.state === "ok" ? 0 : a.last_seen_ms - b.last_seen_ms) || compare(a.id, b.id);
}

/** Gateways: the cut-off first. */
export function byLink(a: GatewayView, b: GatewayView): number {
  return Number(a.connected) - Number(b.connected) || compare(a.id, b.id);
}

const SLOT_RANK = { empty: 0, unknown: 1, over: 2, low: 3, silent: 4, ok: 5 } as const;

/** Slots: abnormal first, then by name. */
export function byState(a: SlotView, b: SlotView): number {
  return SLOT_RANK[a.status] - SLOT_RANK[b.status] || compare(a.id, b.id);
}

/** By name, A2 before A10. */
export const compare: (a: string, b: string) => number = new Intl.Collator("en", { numeric: true }).compare;
