// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

import type { AlertView } from "./types";

/** Alerts that are over, the latest end first; `next` is where older ones are, None behind the last. */
export interface AlertsPage {
  items: AlertView[];
  next: string | null;
}

/** Who is to see to it: a person of the site file, or "" for nobody in particular. */
export interface Assignment {
  to: string;
  note?: string;
}

/** For how long an alert is put aside, and why. */
export interface CrewsShelf {
  minutes: number;
  note: string;
}

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

/** How often any alert fired since a moment, and which did most. */
export interface Noisiest {
  since_ms: number;
  fired: number;
  top: Noisy[];
}

/**
 * How often an alert fired in a span, how often of that it came back within the hour, its share of all that fired
 * (0..1), and when last.
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

/** What somebody was told, and what became of it; `taken_ms`: when its link was used, 0: it was not. */
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

/** What was told, newest first; `next` is where older ones are, None behind the last. */
export interface NoticesPage {
  items: NoticeView[];
  next: string | null;
}

/** Somebody on a roster now. */
export interface OnCallView {
  person: string;
  name: string;
  quiet: boolean;
  away: boolean;
}

/** Somebody who can be given an alert. */
export interface PersonView {
  id: string;
  name: string;
}

/** Why, if somebody wants to say. */
export interface Remark {
  note?: string;
}

/** Who is asked first in a span, team by team. */
export interface RosterView {
  from_ms: number;
  to_ms: number;
  turns: TurnView[];
}

/** A team now: who is asked first, second and so on; `until_ms`: when another one is first, and who that is. */
export interface TeamView {
  id: string;
  name: string;
  zones: string[];
  rules: string[];
  now: OnCallView[];
  until_ms: number;
  next: string;
}

/** Who is to be told a test; through one channel, or ("") as always. */
export interface Test {
  person: string;
  channel?: string;
}

/** Somebody is asked first for a while; `stands_in`: for who is away. */
export interface TurnView {
  team: string;
  person: string;
  name: string;
  from_ms: number;
  until_ms: number;
  stands_in: boolean;
}
