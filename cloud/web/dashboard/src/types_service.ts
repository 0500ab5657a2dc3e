// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/** The body of an acknowledgement; it may be left out. */
export interface Acknowledgement {
  note?: string;
}

/** `count` reports between `first` and `last` came again at `at_ms`; they were counted once. */
export interface Again {
  first: number;
  last: number;
  count: number;
  at_ms: number;
}

/** The process answers. */
export interface Alive {
  alive: boolean;
}

/** A column: its name as it stands in a file, what it holds, and in which unit. */
export interface ColumnView {
  name: string;
  kind: "flag" | "number" | "text" | "time" | "whole";
  unit: string;
}

/**
 * All of it, limited to what became known since `since_ms`. `movements_gone`: of each gateway, how many movements that
 * were booked are in the ledger no more, at whatever time; nothing brings them back but a backup.
 */
export interface Completeness {
  complete: boolean;
  since_ms: number;
  lanes: LaneProof[];
  devices: DeviceProof[];
  movements_gone: Record<string, number>;
}

/** What the sign-in form sends. */
export interface Credentials {
  user: string;
  password: string;
}

/** A device's messages `first`..`last` of one boot never reached its gateway; known since `at_ms`. */
export type DeviceGap = [boot: number, first: number, last: number, at_ms: number];

/**
 * One device. `numbered`: its messages are, so that what is missing can be seen. `missing` counts older gaps than are
 * listed, too. `duplicates`: messages its gateway heard again, since ever.
 */
export interface DeviceProof {
  device: string;
  complete: boolean;
  numbered: boolean;
  missing: number;
  duplicates: number;
  gaps: DeviceGap[];
}

/**
 * What is wrong with one field of what was sent: `pointer` names it (RFC 6901). `code`: which bound it is beyond
 * ("least", "most", of a length "short", "long"), and `limit` that bound; or, of the site file, what else does not
 * fit, and `told` the figures and names in it. "": another flaw.
 */
export interface Flaw {
  pointer: string;
  detail: string;
  hint: string;
  code: string;
  limit: number | null;
  told?: Record<string, string | number>;
}

/** Reports `first`..`last` of a lane are not here; their neighbours became known at `from_ms` and `to_ms`. */
export interface Gap {
  first: number;
  last: number;
  from_ms: number;
  to_ms: number;
  state: "asked" | "unknown" | "waiting";
}

/** The gateway said at `at_ms` that `first`..`last` will not come, of which it still had `count`; why is a code. */
export interface GivenUp {
  first: number;
  last: number;
  count: number;
  why: string;
  at_ms: number;
}

/**
 * One gateway's lane. `reports`: applied; `top`: the highest number held; `missing`: numbers in gaps; `waiting`:
 * numbers above `top` that the gateway has given already; `duplicates`: reports that came again, since ever;
 * `forgotten`: numbers this ledger lost track of, having held too many ranges.
 */
export interface LaneProof {
  gateway: string;
  lane: "events" | "telemetry";
  complete: boolean;
  reports: number;
  top: number;
  missing: number;
  waiting: number;
  refused: number;
  duplicates: number;
  forgotten: number;
  gaps: Gap[];
  given_up: GivenUp[];
  again: Again[];
}

/** What a code of a problem means. */
export interface Meaning {
  type: string;
  title: string;
  code: string;
  means: string;
}

/** The password that one has, and the one that one wants. */
export interface Passwords {
  old: string;
  new: string;
}

/** Units that were taken out of a slot. */
export interface PicksOf {
  slot: string;
  units: number;
}

/**
 * Why the answer is no. `type` is an address that tells what the code means, `title` the code in words; `detail` says
 * what was found, `hint` what to do; `instance` is what was asked for. `errors`: field by field what is wrong with
 * what was sent; `told`: the figures and names in what was found. What somebody else changed says who (`by`) and when
 * (`changed_ms`).
 */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  hint: string;
  errors?: Flaw[];
  told?: Record<string, string | number>;
  by?: string;
  changed_ms?: number;
}

/** Whether the service can do its work, and why not, a sentence each. */
export interface Ready {
  ready: boolean;
  reasons: string[];
}

/** A series of the history: times in ms since 1970, and values; null where there is a gap. */
export interface SeriesView {
  series: string;
  times: number[];
  values: (number | null)[];
}

/** Who is signed in, and what they may. `pending`: by a one-time password, which is to be changed first of all. */
export interface Signed {
  user: string;
  role: "admin" | "buyer" | "maintenance" | "operator" | "supplier" | "viewer";
  rights: ("admit" | "anyone" | "buy" | "govern" | "handle" | "look" | "maintain" | "portal" | "respond" | "self")[];
  pending: boolean;
}

/**
 * A table that can be had: what a row is, which right it asks for, which column `from` and `to` look at ("": it is of
 * now), and what has to be named.
 */
export interface TableView {
  name: string;
  row: string;
  right: string;
  time: string;
  wants: string;
  columns: ColumnView[];
}

/** How one may sign in beside name and password: the name of another service, "" where there is none. */
export interface Ways {
  oidc: string;
}
