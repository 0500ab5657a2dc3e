// What the service says of people, notices and verdicts beside the live stream. Times are ms since 1970. All of it is
// written from the service's structs (types_crew.ts, types_care.ts); here is what the page knows better.
import type { Verdict } from "../types_care";
import type * as Told from "../types_crew";

export type { Judged, RulePrecision, Verdict, VerdictsView as Verdicts } from "../types_care";
export type { CrewsView as OnCall, Noisiest, Noisy as NoisyRow, PersonView as Person, RosterView as Roster, TeamView as OnCallTeam, TurnView as Turn } from "../types_crew";

/** One message to one person, and what became of it. */
export interface NoticeView extends Told.NoticeView {
  kind: "critical" | "news" | "digest" | "again" | "over" | "assigned" | "tuning" | "test";
  state: "waiting" | "sending" | "delivered" | "given_up" | "unsure";
}
export interface Notices {
  items: NoticeView[];
  /** Older ones are after this; null for none. */
  next: string | null;
}

export type Said = Verdict["said"];
export const SAID = ["right", "wrong", "not_now"] as const satisfies readonly Said[];
