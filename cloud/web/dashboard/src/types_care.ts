// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

import type { AssetView, Cause, Feature, Note, Outcome, WorkView } from "./types";

/** One asset: all of the list's, its faults of the past with what was measured, and its features to draw. */
export interface AssetDetail {
  asset: AssetView;
  evidence: Evidence[];
  drawn: Drawn[];
}

/** A budget, and the minutes that are left of it (below 0: used up). */
export interface BudgetLeft {
  above_c: number | null;
  below_c: number | null;
  minutes: number;
  left_minutes: number;
}

/** A feature's course to draw, oldest first, within the range that is normal; at its `limit` it has failed. */
export interface Drawn {
  name: string;
  unit: string;
  times_ms: number[];
  values: number[];
  normal_low: number | null;
  normal_high: number | null;
  limit: number | null;
}

/**
 * A fault as it was first seen, and its end (`over_ms` 0: it is not over). `first` was measured then, `worst` at its
 * worst severity.
 */
export interface Evidence {
  code: "abnormal" | "antenna_dead" | "battery_low" | "blocked_air" | "creep" | "door_open" | "drift" | "fan" | "icing" | "losing_capacity" | "noise" | "read_rate" | "refrigerant" | "silent" | "spikes" | "stuck" | "wearing";
  channel: string;
  severity: number;
  since_ms: number;
  found_ms: number;
  over_ms: number;
  first: Record<string, string | number | null>;
  why: Feature[];
}

/**
 * An excursion, and what came of it. `state`: nothing to decide, open, or decided. With a `sku` and a `lot` it is that
 * lot's alone.
 */
export interface ExcursionView {
  id: number;
  zone: string;
  storage: string;
  kind: "breach" | "defrost" | "excursion";
  why: "" | "aged" | "budget" | "kinetic" | "too_far" | "too_long";
  side: number;
  began_ms: number;
  ended_ms: number;
  breach_ms: number;
  peak_c: number;
  outside_ms: number;
  state: "" | "decided" | "open";
  lines: LineView[];
  signatures: Signature[];
  sku: string;
  lot: string;
}

/** Excursions, newest first; `next` is where older ones are, None behind the last. */
export interface ExcursionsPage {
  items: ExcursionView[];
  next: string | null;
}

/**
 * What a lot went through, as far as its room was known (`known`, a share of its time). `effective_expiry` is its
 * `expiry` less the days that warmth took.
 */
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

/** A verdict as it was taken, which counts now, and how the rule does with it. */
export interface Judged {
  verdict: Verdict;
  standing: Verdict | null;
  precision: RulePrecision | null;
}

/** Units of a lot that a breach set aside; `gone` more had left before it was known. */
export interface LineView {
  number: number;
  sku: string;
  lot: string;
  units: number;
  gone: number;
  at_ms: number;
  entry: number;
  decision: "" | "release" | "scrap";
  by: string;
  decided_ms: number;
}

/** An order that somebody opens: for an asset, or because of an alert, which names the asset where nothing else does. */
export interface NewWork {
  asset?: string;
  alert?: number;
  title?: string;
  fault?: string;
  from_ms?: number;
  until_ms?: number;
  whole_zone?: boolean;
  assigned_to?: string;
  parts?: WorkWanted[];
  note?: string;
}

/**
 * How a rule did in the last 90 days, and since it was tuned (`tuned_ms`, 0: not lately). `not_now` ones count as
 * right; `precision` is None where nobody said anything.
 */
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
  tuned_ms: number;
}

/** Who decided what about which lines, when, and why. */
export interface Signature {
  by: string;
  role: string;
  at_ms: number;
  decision: "release" | "scrap";
  comment: string;
  lines: number[];
}

/**
 * One tap: `said` at `at_ms` by the phone it was said on (0: now), with that phone's `key` for it (left out: the
 * Idempotency-Key). Not now puts the alert aside for so many hours.
 */
export interface Told {
  said: "not_now" | "right" | "wrong";
  at_ms?: number;
  key?: string;
  hours?: number;
  note?: string;
}

/**
 * One word on what a `rule` told of an `asset`: an `alert` (0: none), or what an order of `work` (0: none) is for.
 * `at_ms` is when it was said, by the phone it was said on; `known_ms` when it got here. `outcome`: it was said as the
 * order was finished. `severity` is the alert's. `key` is the one it came with, unique where not empty.
 */
export interface Verdict {
  rule: string;
  asset: string;
  alert: number;
  work: number;
  said: "not_now" | "right" | "wrong";
  severity: number;
  at_ms: number;
  known_ms: number;
  by: string;
  note: string;
  key: string;
  outcome: boolean;
  id: number;
}

/** What was said of an alert, oldest first, and which of it counts. */
export interface VerdictsView {
  verdicts: Verdict[];
  standing: Verdict | null;
}

/** What somebody decides, and why; about these lines, or about all that wait. */
export interface Word {
  comment: string;
  lines?: number[];
}

/** An order with its versions, and all that was said of its cause, both oldest first. */
export interface WorkDetail {
  work: WorkView;
  versions: WorkVersion[];
  verdicts: Verdict[];
}

/**
 * One order as of one version; `by` made it so. The window is empty where both ends are 0. `said`: the keys that acts
 * came with, each with a digest of what it said; `id` is the ledger's.
 */
export interface WorkOrder {
  asset: string;
  zone: string;
  title: string;
  state: "cancelled" | "done" | "draft" | "in_work" | "planned";
  created_ms: number;
  changed_ms: number;
  by: string;
  cause: Cause;
  from_ms: number;
  until_ms: number;
  whole_zone: boolean;
  assigned_to: string;
  parts: WorkPart[];
  notes: Note[];
  outcome: Outcome | null;
  started_ms: number;
  ended_ms: number;
  said: Record<string, string>;
  version: number;
  id: number;
}

/** Units of an SKU that are wanted in all, of them those taken off the stock, and of these those used in the end. */
export interface WorkPart {
  sku: string;
  units: number;
  taken: number;
  used: number;
}

/**
 * An act on an order; what is left out stays as it is. `version` is the one that was looked at (0: whichever it is by
 * now). `parts`: wanted in all (change), or taken now (take); `used` in the end, left out: all that were taken.
 */
export interface WorkStep {
  version?: number;
  title?: string | null;
  from_ms?: number | null;
  until_ms?: number | null;
  whole_zone?: boolean | null;
  assigned_to?: string | null;
  parts?: WorkWanted[] | null;
  used?: WorkWanted[] | null;
  note?: string;
  found?: string;
  did?: string;
  verdict?: "" | "right" | "wrong";
}

/** An order as it was from `at_ms` on, who made it so, and by what. */
export interface WorkVersion {
  order: WorkOrder;
  at_ms: number;
  by: string;
  action: string;
}

/** Units of a part. */
export interface WorkWanted {
  sku: string;
  units: number;
}

/** Orders, the newest first; `next` is where older ones are, None behind the last. */
export interface WorksPage {
  items: WorkView[];
  next: string | null;
}
