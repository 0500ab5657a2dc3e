// How much a figure would change, as it is told beside the two. Pure.

/** What kind of number tells a change best: none where the two are shown alike, `points` between shares (of almost nothing
 *  anything is a huge multiple), else the part of what it was; `none` where it was nothing. */
export type Changed = { kind: "same" | "none" } | { kind: "points" | "part"; by: number };

/** A change of less than this part of what it was is told with a decimal. */
const FINE = 0.1;

export function changed(before: number, after: number, share: boolean, shown: (value: number) => string): Changed {
  if (shown(before) === shown(after)) return { kind: "same" };
  if (share) return { kind: "points", by: (after - before) * 100 };
  return shown(before) === shown(0) ? { kind: "none" } : { kind: "part", by: (after - before) / Math.abs(before) };
}

export const digitsOf = (part: number): number => (Math.abs(part) < FINE ? 1 : 0);
