// Written from the routes by `python -m cloud.web.schema`. Change the structs, not this file.

/** A field as it is, and as it would be (null: left out). */
export interface CellChange {
  name: string;
  before: unknown;
  after: unknown;
}

/** Another address, or with `new_secret` another secret of a webhook; what is left out stays. */
export interface ChannelChange {
  url?: string;
  webhook?: string;
  new_secret?: boolean;
}

/** A channel, and the secret of a webhook, which is told this once ("": there is no new one). */
export interface ChannelMade {
  channel: ChannelView;
  secret: string;
}

/**
 * What is left out stays. `heartbeat`: a URL that is asked for every `heartbeat_s` while the service is well ("":
 * none); on `test_day` ("": none) at `test_time` whoever is on call gets a test.
 */
export interface ChannelSettings {
  heartbeat?: string | null;
  heartbeat_s?: number | null;
  test_day?: "" | "friday" | "monday" | "saturday" | "sunday" | "thursday" | "tuesday" | "wednesday" | null;
  test_time?: string | null;
}

/** What came of a test: `why` it was not taken ("": it was). */
export interface ChannelTried {
  name: string;
  delivered: boolean;
  why: string;
}

/**
 * A channel: its name and of which kind it is (the scheme of its address, or `webhook`), never the address. `people`
 * are told by it; `by` and `at_ms`: who changed it last since the service started ("" and 0: nobody).
 */
export interface ChannelView {
  name: string;
  kind: string;
  language: string;
  people: string[];
  tag: string;
  by: string;
  at_ms: number;
}

/**
 * All of them; whether there is a `heartbeat` and how often, on which day whoever is on call gets a test; `trouble`:
 * why the file can not be used ("": it can). `missing`: channels that people of the site file name and that are not
 * there.
 */
export interface ChannelsView {
  channels: ChannelView[];
  heartbeat: boolean;
  heartbeat_s: number;
  test_day: "" | "friday" | "monday" | "saturday" | "sunday" | "thursday" | "tuesday" | "wednesday";
  test_time: string;
  trouble: string;
  missing: string[];
  tag: string;
}

/**
 * A field: what it holds; whether it must be there, else what it is when it is left out (null: nothing); from where to
 * where a number goes (`above`: not `least` itself), which texts there are to choose from, what an id in it is of.
 */
export interface FieldView {
  name: string;
  kind: "area" | "choice" | "flag" | "number" | "pairs" | "text" | "whole" | "wholes";
  needed: boolean;
  default: unknown;
  least: number | null;
  most: number | null;
  above: boolean;
  below: boolean;
  choices: string[];
  of: string;
  pattern: string;
  length_max: number | null;
}

/**
 * By which site file a gateway works. `same`: by ours; `older`: by one of before, and ours is on its way; `other`: by
 * one that was never ours, it is for a person to decide; `refused`: it can not take it, `why` says why not; `unknown`:
 * it is away, or of a version that can not tell. `at_ms`: when it told that.
 */
export interface GatewaySite {
  gateway: string;
  state: "older" | "other" | "refused" | "same" | "unknown";
  revision: string;
  why: string;
  at_ms: number;
}

/** A channel: either an Apprise URL or a webhook's address; the latter gets a new secret. */
export interface NewChannel {
  name: string;
  url?: string;
  webhook?: string;
}

/** A thing that a line of the sheet would add (`new`) or change. */
export interface RowChange {
  line: number;
  id: string;
  new: boolean;
  cells: CellChange[];
}

/** What is wrong in a sheet: in which line and column ("": the line as a whole; line 0: the sheet as a whole). */
export interface SheetFlaw {
  line: number;
  column: string;
  code: string;
  detail: string;
  told: Record<string, string | number>;
}

/**
 * What is wrong, where: `pointer` (RFC 6901) names the field, `/slots/3/zone` that of the fourth slot. `code` is for
 * programs, `told` what their words need; `detail` is a sentence on what to do.
 */
export interface SiteFlaw {
  pointer: string;
  code: string;
  detail: string;
  told: Record<string, string | number>;
}

/**
 * What a sheet would make of the site. `digest` names it: it is what is applied, or nothing. With problems there is
 * none (""). `still`: what holds of the things that would change, in words.
 */
export interface SitePreview {
  digest: string;
  table: "devices" | "racks" | "skus" | "slots" | "zones";
  revision: string;
  rows: number;
  added: number;
  changed: number;
  unchanged: number;
  changes: RowChange[];
  problems: SheetFlaw[];
  n_problems: number;
  still: SiteFlaw[];
}

/** `insist`: although something still holds. */
export interface SiteRemoval {
  insist?: boolean;
}

/**
 * The site file: the revision that is saved, the one `used` by the service, and `problem`, why it can not be used ("":
 * it can). `by` and `at_ms`: who changed it last. `undo`: the last change can be taken back. `kept`: so many versions
 * are kept.
 */
export interface SiteState {
  revision: string;
  used: string;
  problem: string;
  by: string;
  at_ms: number;
  undo: boolean;
  counts: Record<string, number>;
  sources: string[];
  versions: SiteVersion[];
  kept: number;
  gateways: GatewaySite[];
}

/** All of a kind, and what each field may hold. */
export interface SiteTable {
  table: "devices" | "racks" | "skus" | "slots" | "zones";
  revision: string;
  fields: FieldView[];
  items: SiteThing[];
}

/**
 * A zone, rack, SKU, slot or device: all its values, and its ETag. `by` and `at_ms`: who changed it last here, when
 * ("" and 0: nobody that is known).
 */
export interface SiteThing {
  id: string;
  values: Record<string, unknown>;
  tag: string;
  by: string;
  at_ms: number;
}

/** What was done to the file: by whom, when, to how many things, and the first of them. */
export interface SiteVersion {
  number: number;
  at_ms: number;
  by: string;
  what: "edit" | "import" | "undo";
  n: number;
  things: string[];
}

/** The values of fields, by name; null leaves one out from now on. `insist`: although something still holds. */
export interface SiteWanted {
  values: Record<string, unknown>;
  insist?: boolean;
}
