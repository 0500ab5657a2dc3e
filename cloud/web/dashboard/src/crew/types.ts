// Written from the structs of cloud/core and cloud/web by `python -m cloud.web.schema`. Change the structs, not this file.

import type { AlertView } from "../types";
export type { AlertView } from "../types";

/**
 * Who is on call now. `trouble`: why nobody can be reached, "" where people can; `waiting`: notices on their way;
 * `beat_ms`: when somebody outside heard last that the service is well (None: nobody is asked to).
 */
export interface CrewsView {
  at_ms: number;
  timezone: string;
  trouble: string;
  waiting: number;
  beat_ms: number | null;
  teams: TeamView[];
  people: PersonView[];
}

/**
 * A team now: who is asked first, second and so on; `until_ms`: when another one is first, and who that is.
 */
export interface TeamView {
  id: string;
  name: string;
  zones: string[];
  rules: string[];
  now: OnCallView[];
  until_ms: number;
  next: string;
}

/**
 * Somebody on a roster now.
 */
export interface OnCallView {
  person: string;
  name: string;
  quiet: boolean;
  away: boolean;
}

/**
 * Somebody who can be given an alert.
 */
export interface PersonView {
  id: string;
  name: string;
}

/**
 * Alerts that are over, the latest end first; older ones are after the mark `next` (None: there are none).
 */
export interface EndedView {
  items: AlertView[];
  next: string | null;
}

/**
 * Who is asked first in a span, team by team.
 */
export interface RosterView {
  from_ms: number;
  to_ms: number;
  turns: TurnView[];
}

/**
 * Somebody is asked first for a while; `stands_in`: for who is away.
 */
export interface TurnView {
  team: string;
  person: string;
  name: string;
  from_ms: number;
  until_ms: number;
  stands_in: boolean;
}

/**
 * A page of them, newest first; older ones are behind `next` (None: there are none).
 */
export interface NoticesView {
  notices: NoticeView[];
  next: number | null;
}

/**
 * What somebody was told, and what became of it; `taken_ms`: when its link was used, 0: it was not.
 */
export interface NoticeView {
  id: number;
  at_ms: number;
  person: string;
  name: string;
  kind: "again" | "assigned" | "critical" | "digest" | "news" | "over" | "test";
  severity: number;
  step: number;
  alerts: number[];
  more: number;
  title: string;
  state: "delivered" | "given_up" | "sending" | "unsure" | "waiting";
  channel: string;
  tries: number;
  changed_ms: number;
  detail: string;
  taken_ms: number;
}

/**
 * How often any alert fired since, and those that did most, the noisiest first.
 */
export interface Noisiest {
  since_ms: number;
  fired: number;
  top: Noisy[];
}

/**
 * How often an alert fired in a span, how often of that it came back within the hour, its share of all that fired, and
 * when last.
 */
export interface Noisy {
  rule: string;
  subject: string;
  zone: string;
  fired: number;
  reopened: number;
  share: number;
  last_ms: number;
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

/**
 * All that was said of something, oldest first, and what stands of it.
 */
export interface Verdicts {
  verdicts: Verdict[];
  standing: Verdict | null;
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

/**
 * What somebody said, what stands now, and how the rule did with it.
 */
export interface Judged {
  verdict: Verdict;
  standing: Verdict | null;
  precision: RulePrecision | null;
}

/**
 * For how long an alert is put aside, and why.
 */
export interface Shelf {
  minutes: number;
  note: string;
}

/**
 * Why, if somebody wants to say.
 */
export interface Remark {
  note?: string;
}

/**
 * Who is to see to it: a person of the site file, or "" for nobody in particular.
 */
export interface Assignment {
  to: string;
  note?: string;
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
 * Who is to be told a test; through one channel, or ("") as always.
 */
export interface Test {
  person: string;
  channel?: string;
}
