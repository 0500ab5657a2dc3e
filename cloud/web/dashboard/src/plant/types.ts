// What the service tells of equipment, maintenance orders and cold rooms when it is asked; named as its structs are.
import type { AssetView, Feature, Fault, PartView, RoomView, WorkView } from "../types";

export type { AssetView, Cause, Fault, Feature, PartView, RoomView, WorkView } from "../types";
export type AssetKind = AssetView["kind"];
/** One in twenty fails before the first, half before the second, one in twenty after the third. */
export type Days = NonNullable<AssetView["days"]>;
export type Params = Fault["params"];
export type WorkState = WorkView["state"];
export type Verdict = "" | "right" | "wrong" | "not_now";
export type RoomKind = RoomView["kind"];

/** A fault as it was first seen, and its end (`over_ms` 0: it is not over). */
export interface Evidence {
  code: Fault["code"];
  channel: string;
  severity: number;
  since_ms: number;
  found_ms: number;
  over_ms: number;
  first: Params;
  why: Feature[];
}

export interface Drawn {
  name: string;
  unit: string;
  times_ms: number[];
  values: number[];
  normal_low: number | null;
  normal_high: number | null;
}

export interface AssetDetail {
  asset: AssetView;
  evidence: Evidence[];
  drawn: Drawn[];
}

/** One version of an order, as the ledger keeps it. */
export interface WorkVersion {
  order: Pick<WorkView, "state" | "title" | "from_ms" | "until_ms" | "whole_zone" | "assigned_to" | "version"> & { parts: Pick<PartView, "sku" | "units" | "taken" | "used">[] };
  at_ms: number;
  by: string;
  action: string;
}

export interface LineView {
  number: number;
  sku: string;
  lot: string;
  units: number;
  /** Units that left meanwhile, before it was known. */
  gone: number;
  at_ms: number;
  entry: number;
  decision: "" | "release" | "scrap";
  by: string;
  decided_ms: number;
}

export interface Signature {
  by: string;
  role: string;
  at_ms: number;
  decision: "release" | "scrap";
  comment: string;
  lines: number[];
}

export interface ExcursionView {
  id: number;
  zone: string;
  storage: string;
  kind: Exclude<RoomKind, "">;
  why: string;
  side: number;
  began_ms: number;
  ended_ms: number;
  breach_ms: number;
  peak_c: number;
  outside_ms: number;
  state: "" | "open" | "decided";
  lines: LineView[];
  signatures: Signature[];
  /** Where it is one lot's alone. */
  sku: string;
  lot: string;
}

export interface BudgetLeft {
  above_c: number | null;
  below_c: number | null;
  minutes: number;
  left_minutes: number;
}

export interface ExposureView {
  id: string;
  sku: string;
  lot: string;
  units: number;
  zone: string;
  storage: string;
  since_ms: number;
  known: number;
  outside_ms: number;
  budgets: BudgetLeft[];
  aged_days: number | null;
  expiry: string;
  effective_expiry: string;
  days_left: number | null;
  used_up: boolean;
}
