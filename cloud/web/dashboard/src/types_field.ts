// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/**
 * A place of the site file and how the device is that stands there, as its gateway knows it. Times by the gateway's
 * clock, 0 for never: `seen_ms` when it last spoke, `changed_ms` when what it says last changed. `lost_pct`: of the
 * messages of its latest starts. `clock_ms`: how far its clock is ahead. `calibrated_ms`: when its slots were last
 * tared or calibrated by hand, and why that is `due`.
 */
export interface DeviceCard {
  id: string;
  name: string;
  kind: "climate" | "machine" | "rfid" | "shelf";
  zone: string;
  slots: string[];
  source: string;
  address: string;
  state: "offline" | "ok" | "silent" | "unseen";
  seen_ms: number;
  changed_ms: number;
  lost: number;
  lost_pct: number | null;
  duplicates: number;
  late: number;
  battery_pct: number | null;
  rssi_dbm: number | null;
  firmware: string;
  clock_ms: number;
  findings: string[];
  calibrated_ms: number;
  due: "" | "drift" | "replaced";
  enrolment: Enrolment | null;
}

/** Some of a gateway's devices, by id; `next` is to be sent as `after` for those that follow, "" behind the last. */
export interface DeviceCards {
  items: DeviceCard[];
  next: string;
}

/**
 * Who is to stand at a place of the site file: the device that calls itself `address` at `source`. It counts from
 * `approved_ms` on (0: it waits for that). `was` is who stood there before, "" for nobody; `said` what the site file
 * named then (source, address): when that is edited, the newer word holds and this is dropped.
 */
export interface Enrolment {
  device: string;
  source: string;
  address: string;
  asked_ms: number;
  asked_by: string;
  said: [string, string];
  was: string;
  approved_ms: number;
  approved_by: string;
}

/**
 * Who was met, latest first, who was refused, and which enrolments there are; how many of each are remembered, and how
 * many are told at once.
 */
export interface Field {
  strangers: Met[];
  refused: Met[];
  enrolments: Enrolment[];
  strangers_max: number;
  refused_max: number;
  told_max: number;
}

/**
 * What is done about who was met: `enrol` the one of this `source` ("" for our own format) and `address` at the place
 * `device` of the site file, where it waits; `approve` it there; `release` the place, so that the site file holds
 * again; `refuse` one that is none of ours, with `why`; `admit` it after all.
 */
export interface FieldDeed {
  do: "admit" | "approve" | "enrol" | "refuse" | "release";
  source?: string;
  address?: string;
  device?: string;
  why?: string;
}

/**
 * A message in quarantine: why, and its first bytes as text. `whole`: all of it is kept and nothing of it was used, so
 * that it can be replayed; `replayed_ms`: when it was, 0 for never.
 */
export interface Kept {
  id: number;
  at_ms: number;
  code: string;
  device: string;
  topic: string;
  detail: string;
  hint: string;
  text: string;
  whole: boolean;
  replayed_ms: number;
}

/** The last run at a slot since its gateway's start, None where there was none. */
export interface LastRun {
  run: Run | null;
}

/**
 * Something that speaks and has no place at the site: where (`source`, "" for our own format), what it calls itself,
 * since when, how often, and what it told last by quantity, so that people know it again. `kind` is what it looks
 * like, "" where nothing tells; `fits`: the kinds of place it may take by what it measures, empty where nothing tells.
 * Of one that was refused: when, by whom and why.
 */
export interface Met {
  source: string;
  address: string;
  first_ms: number;
  at_ms: number;
  messages: number;
  kind: "climate" | "machine" | "rfid" | "shelf" | "";
  says: Record<string, number>;
  channels: string[];
  refused_ms: number;
  refused_by: string;
  why: string;
  fits: ("climate" | "machine" | "rfid" | "shelf")[];
}

/**
 * Messages that could not be used, latest first: how many are kept, how many of these could be replayed and how often
 * it ever occurred, by code; how many messages, and bytes of each, are kept at most. `next` is sent as `before` for
 * older ones, 0 behind the oldest.
 */
export interface Quarantine {
  items: Kept[];
  next: number;
  held: Record<string, number>;
  replayable: Record<string, number>;
  ever: Record<string, number>;
  held_max: number;
  bytes_max: number;
}

/** Read these messages again: by their numbers, or the oldest of a `code`, as many at once. */
export interface Replay {
  ids?: number[];
  code?: string;
}

/**
 * What came of a replay: messages used and taken out of quarantine, their readings, how many of these were known
 * already or older than what is known, which messages stay, and how many of the code could still be replayed.
 */
export interface Replayed {
  used: number;
  readings: number;
  duplicates: number;
  late: number;
  stays: Unread[];
  left: number;
}

/**
 * A tare, calibration or lesson on its way at a slot: what was asked for, by whom, which step it is at, since when,
 * until when it waits; what the scale shows (None while it is not at rest); in the end what came of it, or why not: in
 * a word or a sentence, and the same as `told` (see `edge/core/cannot.py`).
 */
export interface Run {
  slot: string;
  do: "calibrate" | "tare" | "teach";
  by: string;
  step: "calm" | "measured" | "refused" | "stored";
  begun_ms: number;
  step_ms: number;
  until_ms: number;
  shown_g: number | null;
  measured_g: number | null;
  result: Record<string, number>;
  why: string;
  told: Record<string, string | number>;
}

/**
 * What came since `after`: it is kept only while somebody looks. `skipped`: how many more came than are kept of a
 * second; `gone`: how many were pushed out before they were asked for.
 */
export interface Tail {
  lines: TailLine[];
  next: number;
  skipped: number;
  gone: number;
  lines_max: number;
  rate_max: number;
}

/**
 * A message as it came: its first bytes as text (what is none as \x..), its size, and of whom it told; secrets in it
 * are blotted out. `bad`: the code why it could not be used.
 */
export interface TailLine {
  number: number;
  at_ms: number;
  topic: string;
  text: string;
  size: number;
  devices: string[];
  bad: string;
}

/**
 * A message that stays in quarantine, and why: the problem it has by now; `gone`, as it is not kept any more;
 * `not_whole`, as some of it was used, or not all of it was kept; `replayed` before; `nothing`, as it measured
 * nothing.
 */
export interface Unread {
  id: number;
  code: string;
  why: string;
}
