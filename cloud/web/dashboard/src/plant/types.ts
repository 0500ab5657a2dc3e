// What the service tells of equipment, maintenance orders and cold rooms; named as its structs are.

export type AssetKind = "refrigerator" | "machine" | "scale" | "reader" | "antenna" | "thermometer" | "gateway";
export type AssetState = "unseen" | "learning" | "well" | "watch" | "sick" | "blind";
export type Params = Record<string, string | number | null>;

/** What is wrong; `severity` 1 is worst, `channel` "" for all of the device. */
export interface Fault {
  code: string;
  severity: number;
  since_ms: number;
  params: Params;
  channel: string;
}

/** A feature that moved, with the range that is normal for it. */
export interface Feature {
  name: string;
  value: number;
  normal_low: number;
  normal_high: number;
  unit: string;
}

/** One in twenty fails before the first, half before the second, one in twenty after the third. */
export type Days = [low: number, mid: number, high: number];

export interface AssetView {
  id: string;
  name: string;
  kind: AssetKind;
  zone: string;
  /** The reader of an antenna. */
  part_of: string;
  state: AssetState;
  health: number;
  days: Days | null;
  faults: Fault[];
  why: Feature[];
  heard_ms: number;
  /** What was wrong with its data, counted. */
  notes: Record<string, number>;
}

/** A fault as it was first seen, and its end (`over_ms` 0: it is not over). */
export interface Evidence {
  code: string;
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

export type WorkState = "draft" | "planned" | "in_work" | "done" | "cancelled";
export type Verdict = "" | "right" | "wrong" | "not_now";

/** Why there is an order: all empty where a person had a reason of their own. */
export interface Cause {
  rule: string;
  fault: string;
  alert: number;
  days: Days | null;
}

export interface PartView {
  sku: string;
  name: string;
  units: number;
  taken: number;
  used: number;
  there: number;
  short: number;
  expected_ms: number | null;
}

export interface Note {
  at_ms: number;
  by: string;
  text: string;
}

export interface Outcome {
  found: string;
  did: string;
  verdict: "" | "right" | "wrong";
}

export interface WorkView {
  id: number;
  asset: string;
  zone: string;
  title: string;
  state: WorkState;
  cause: Cause;
  from_ms: number;
  until_ms: number;
  whole_zone: boolean;
  assigned_to: string;
  parts: PartView[];
  notes: Note[];
  outcome: Outcome | null;
  created_ms: number;
  changed_ms: number;
  by: string;
  started_ms: number;
  ended_ms: number;
  version: number;
  late: "" | "not_started" | "overrun";
  may: string[];
  verdict: Verdict;
}

/** One version of an order, as the ledger keeps it. */
export interface WorkVersion {
  order: Pick<WorkView, "state" | "title" | "from_ms" | "until_ms" | "whole_zone" | "assigned_to" | "version"> & { parts: Pick<PartView, "sku" | "units" | "taken" | "used">[] };
  at_ms: number;
  by: string;
  action: string;
}

export interface RulePrecision {
  rule: string;
  right: number;
  wrong: number;
  not_now: number;
  precision: number | null;
  low: number;
  high: number;
  floor: number;
  asks_tuning: boolean;
}

export type RoomKind = "" | "defrost" | "excursion" | "breach";

export interface RoomView {
  id: string;
  zone: string;
  storage: string;
  kind: RoomKind;
  why: string;
  side: number;
  since_ms: number;
  peak_c: number;
  outside_ms: number;
  celsius: number | null;
  at_ms: number;
  limit_c: number | null;
  to_limit_min: number | null;
  lots: number;
  excursion: number;
  undecided: number;
  low_c: number | null;
  high_c: number | null;
  outer_low_c: number | null;
  outer_high_c: number | null;
  kinetic_c: number | null;
  kinetic_limit_c: number | null;
  kinetic_hours: number;
  series: string[];
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
