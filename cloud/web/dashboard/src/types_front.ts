// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/**
 * The course of one figure: `values[i]` as it was last in step i, None where the service did not run. Eight of ten
 * full hours of the last week lay from `low` to `high`; None until enough of them are known.
 */
export interface TileCourse {
  name: string;
  values: (number | null)[];
  low: number | null;
  high: number | null;
}

/** Steps of `step_ms` from `from_ms` on, the last of them goes on; and the course of each figure. */
export interface TilesView {
  from_ms: number;
  step_ms: number;
  tiles: TileCourse[];
}

/**
 * The course of a zone's temperature, a slot's count or a feature of an asset, oldest first, in `unit` (as UCUM has
 * it). `badness`: 0 in the middle of its normal range, 1 at its edges, more beyond.
 */
export interface TrendView {
  kind: "asset" | "slot" | "zone";
  id: string;
  name: string;
  unit: string;
  badness: number;
  from_ms: number;
  to_ms: number;
  times_ms: number[];
  values: (number | null)[];
  low: number | null;
  high: number | null;
}
