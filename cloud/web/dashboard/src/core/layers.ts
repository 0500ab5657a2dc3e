// What the floor map may show of each slot beside its status, in a few steps each. Pure.
import type { SlotView, ZoneView } from "../types";

export const LAYERS = ["status", "fill", "temperature", "age", "picks"] as const;
export type Layer = (typeof LAYERS)[number];
/** A step from the least to the most; or it is out of its limits; or nobody knows. */
export type Shade = 0 | 1 | 2 | 3 | 4 | "out" | "unknown";
export const STEPS = [0, 1, 2, 3, 4] as const;

const MINUTE_MS = 60_000;
/** Up to so long ago a count is of a step: 10 minutes, an hour, a day, a week. */
export const AGES_MS = [10 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS, 7 * 24 * 60 * MINUTE_MS];

export const asLayer = (text: string): Layer => LAYERS.find((one) => one === text) ?? "status";

/** Empty, then by quarters of its capacity; of a silent slot nobody knows. */
export function fill({ count, capacity, status }: SlotView): Shade {
  if (count === null || capacity <= 0 || status === "silent") return "unknown";
  if (count > capacity) return "out";
  return count === 0 ? 0 : (Math.max(1, Math.ceil((4 * count) / capacity)) as Shade);
}

/** Fifths of what its zone may have, from cold to warm; a zone without limits lies in the middle. */
export function temperature(zone: ZoneView | undefined): Shade {
  if (!zone || zone.temperature_c === null) return "unknown";
  const { temperature_c: now, min_c: low, max_c: high } = zone;
  if ((low !== null && now < low) || (high !== null && now > high)) return "out";
  if (low === null || high === null || high <= low) return 2;
  return Math.min(4, Math.floor((5 * (now - low)) / (high - low))) as Shade;
}

/** How long ago its count was last confirmed. */
export function age({ at_ms, count }: SlotView, now: number): Shade {
  if (!at_ms || count === null) return "unknown";
  const steps = AGES_MS.findIndex((limit) => now - at_ms <= limit);
  return (steps < 0 ? 4 : steps) as Shade;
}

/** None, then by the logarithm of the units taken, up to the slot with the most. */
export function heat(units: number, most: number): Shade {
  if (units <= 0 || most <= 0) return 0;
  return Math.min(4, Math.max(1, Math.ceil((4 * Math.log1p(units)) / Math.log1p(most)))) as Shade;
}

/** The slots that a search means: by the slot's own name, or its article's. */
export function sought(text: string, slots: Iterable<SlotView>, nameOf: (sku: string) => string): Set<string> {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return new Set();
  const means = (one: string) => one.toLowerCase().includes(wanted);
  return new Set([...slots].filter((slot) => means(slot.id) || means(slot.sku) || means(nameOf(slot.sku))).map((slot) => slot.id));
}
