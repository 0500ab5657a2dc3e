// What the service says of people, notices, verdicts and what is over beside the live stream. Times are ms since 1970.
import type { AlertView } from "../types";

/** Who is asked, of one team: the first of `now` first, then as it is escalated. */
export interface OnCallTeam {
  id: string;
  name: string;
  zones: string[];
  rules: string[];
  now: { person: string; name: string; quiet: boolean; away: boolean }[];
  until_ms: number;
  /** A person; "" for nobody. */
  next: string;
}
export interface OnCall {
  at_ms: number;
  timezone: string;
  /** Why nobody can be told; "" when they can. */
  trouble: string;
  /** Notices on their way. */
  waiting: number;
  /** When somebody outside heard last that the service is well; null: nobody is asked to. */
  beat_ms: number | null;
  teams: OnCallTeam[];
  /** All of the site file, where the service says so. */
  people?: Person[];
}
export interface Person {
  id: string;
  name: string;
}

/** One turn; `stands_in`: in place of who is away. */
export interface Turn {
  team: string;
  person: string;
  name: string;
  from_ms: number;
  until_ms: number;
  stands_in: boolean;
}
export interface Roster {
  from_ms: number;
  to_ms: number;
  turns: Turn[];
}

/** One message to one person, and what became of it. */
export interface NoticeView {
  id: number;
  at_ms: number;
  person: string;
  name: string;
  kind: "critical" | "news" | "digest" | "again" | "over" | "assigned" | "tuning" | "test";
  severity: number;
  step: number;
  alerts: number[];
  more: number;
  title: string;
  state: "waiting" | "sending" | "delivered" | "given_up" | "unsure";
  channel: string;
  tries: number;
  changed_ms: number;
  detail: string;
  taken_ms: number;
}
export interface Notices {
  notices: NoticeView[];
  /** Older ones are after this; null for none. */
  next: number | null;
}

/** Alerts that are over, the latest end first. */
export interface EndedView {
  items: AlertView[];
  /** Older ones are after this; null for none. */
  next: string | null;
}

export interface NoisyRow {
  rule: string;
  subject: string;
  zone: string;
  fired: number;
  reopened: number;
  /** Of all that fired, 0..1. */
  share: number;
  last_ms: number;
}
export interface Noisiest {
  since_ms: number;
  fired: number;
  top: NoisyRow[];
}

export const SAID = ["right", "wrong", "not_now"] as const;
export type Said = (typeof SAID)[number];

/** How often a rule was right, of those judged; `low`..`high` is the interval, and under `floor` it is told to nobody. */
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
export interface Verdict {
  said: Said;
  at_ms: number;
  by: string;
  note: string;
}
/** What was said of an alert, the latest last, and which of it counts. */
export interface Verdicts {
  verdicts: Verdict[];
  standing: Verdict | null;
}
export interface Judged {
  verdict: Verdict;
  precision: RulePrecision | null;
}
