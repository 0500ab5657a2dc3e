// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/**
 * The outbox: for how many `hours` it has room at the rate of the last day (None: not known yet), reports without a
 * receipt by lane. `full`: why telemetry is thinned now.
 */
export interface Backlog {
  used_bytes: number;
  max_bytes: number;
  hours: number | null;
  oldest_pending_ms: number | null;
  pending: Record<string, number>;
  full: string;
}

/** A message that could not be read, or a device that was found wrong: why, and what to do. */
export interface Bad {
  at_ms: number;
  code: string;
  device: string;
  topic: string;
  detail: string;
  hint: string;
}

/** How often each kind occurred, and the latest. */
export interface Badness {
  counts: Record<string, number>;
  latest: Bad[];
}

/** What a device is to do: `tare`, `light` (its lamp shows the way for a while), `reboot`, or what else it knows. */
export interface Command {
  cmd: string;
  args?: Record<string, string | number | boolean>;
}

/** What a device said of a command. */
export interface Done {
  ok: boolean;
  error: string;
}

/**
 * The same with what the gateway's journal says of the slot, newest first: each line `at_ms`, `what`, `about`, and
 * figures by name.
 */
export interface Explained {
  slot: string;
  count: number | null;
  low: number;
  high: number;
  likeliest: number;
  probability: number;
  at_ms: number;
  age_ms: number;
  words: LastWord[];
  waiting: Waiting[];
  book: number | null;
  agree: number | null;
  gap: number;
  reason: string;
  remedy: string;
  journal: Record<string, unknown>[];
}

/**
 * How a gateway is: its version, its broker, its link to the service (None: it works alone), its clock, what waits in
 * its outbox, its alarms, how fast it reads.
 */
export interface GatewayStatus {
  gateway: string;
  protocol: number;
  now_ms: number;
  not_ready: string[];
  broker: Side;
  clock: Own;
  readings_per_s: number;
  messages: number;
  readings: number;
  duplicates: number;
  problems: Record<string, number>;
  room: Backlog;
  version: string;
  timezone: string;
  service: Link | null;
  lanes: Record<string, Lane>;
  alarms: OwnAlarm[];
  changed_ms: number;
}

/** A lane's double entry: accepted = delivered + pending + refused + thinned, where it is `balanced`. */
export interface Lane {
  accepted: number;
  delivered: number;
  pending: number;
  refused: number;
  thinned: number;
  balanced: boolean;
}

/**
 * A source's last word: `value` (g, tags or units) at `at_ms`; `count` it makes likeliest by itself; `speaks`: log-
 * likelihood ratio (nats) between the fused count and the best other one, above zero for the fused count.
 */
export interface LastWord {
  source: "booked" | "counted" | "mass" | "tags";
  value: number;
  at_ms: number;
  count: number;
  speaks: number;
  by: string;
}

/** How long a slot's lamp shows the way. */
export interface Light {
  seconds?: number;
}

/**
 * The gateway's link to the service: why it is away, and for how long nothing came over it. `code` is the kind of that
 * why: "silent", "refused", "no_key"; "" where it is none of these.
 */
export interface Link {
  connected: boolean;
  why: string;
  silent_ms: number;
  code: string;
}

/** The gateway's clock against the best it knows, in ms. */
export interface Own {
  ahead_ms: number;
  why: string;
}

/** An alarm that the gateway decided by itself. */
export interface OwnAlarm {
  rule: string;
  subject: string;
  state: string;
  since_ms: number;
}

/** A connection of the gateway's: why it is away. */
export interface Side {
  connected: boolean;
  why: string;
}

/**
 * What somebody who stands at a shelf does there: `tare` it empty, `calibrate` it by a weight of `mass_g`, `teach` it
 * by `pieces` units, `forget` what it was taught. `anyway`: though what is known speaks against it.
 */
export interface SlotAction {
  do: "calibrate" | "forget" | "tare" | "teach";
  pieces?: number;
  mass_g?: number;
  anyway?: boolean;
}

/** Something that speaks and is not in the site file: how it would be written there. */
export interface Stranger {
  source: string;
  address: string;
  at_ms: number;
  hint: string;
}

/** A booking whose step was not seen yet (`booking`), or a step that nobody booked yet (`step`). */
export interface Waiting {
  kind: "booking" | "step";
  delta: number;
  at_ms: number;
}
