// A flood of alerts as few rows: many of one rule in one zone have one source. Pure.
import type { AlertView } from "../types";

/** So many alerts that say the same of the same place are one row. */
export const ALIKE_MIN = 4;

/** In the order given; a row of many stands where its first one would. */
export function alike(alerts: AlertView[]): AlertView[][] {
  const sources = new Map<string, AlertView[]>();
  const source = ({ rule, zone, state }: AlertView) => `${state} ${rule} ${zone}`;
  for (const one of alerts) {
    const held = sources.get(source(one));
    if (held) held.push(one);
    else sources.set(source(one), [one]);
  }
  const told = new Set<AlertView[]>();
  return alerts.flatMap((one) => {
    const held = sources.get(source(one))!;
    if (held.length < ALIKE_MIN) return [[one]];
    if (told.has(held)) return [];
    told.add(held);
    return [held];
  });
}
