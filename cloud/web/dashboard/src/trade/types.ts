// What the service says beside the live stream, of orders, suppliers, figures and counts. Times are ms since 1970, money
// in the site's currency. Nearly all of it is written from the service's structs.
import type { OrderView, Position as Stand } from "../types";
import type { OrderVersion as Version } from "../types_buying";
import type { CountTask as Task } from "../types_stock";

export type { ArrivalView, Line as OrderLine, MeasureView, OrderView } from "../types";
export type { AgreementsShelf as PortalShelf, Curve, OfferView as Offer, PortalView as Portal, Point as CurvePoint, ScorecardsPart as ScorePart, SourcedView as Sourced, SupplierView as Scorecard } from "../types_buying";
export type { CausesCause as Cause, CountDifference, CountDifferences, CountRound, CountTold as Finding, Proposal as IdleRow, ReservationView as Reserved, Standing } from "../types_stock";
export type OrderState = OrderView["state"];
export const STEPS = ["approve", "send", "confirm", "change", "ship", "receive", "close", "cancel"] as const;
export type Step = (typeof STEPS)[number];

/** An order as it was from `at_ms` on, as far as the page shows it. */
export interface OrderVersion extends Omit<Version, "order"> {
  order: Pick<Version["order"], "lines" | "state" | "version" | "note" | "asking">;
}
/** One place to count; a page may hold one that nobody asked for today. */
export type CountTask = Omit<Task, "reason" | "stake">;

/** What came of a paper: order by order what was done, or why not; and what is wrong with how it is written. */
export interface Heard {
  done: ({ action: HeardAction; order: OrderView } | Refusal)[];
  problems: { code: string; detail: string; hint?: string }[];
  /** It came before, and nothing was done now. */
  again?: boolean;
}
/** `ask`: what it says is dearer than what was approved, and waits for the site. */
export type HeardAction = "confirm" | "ship" | "ask";
export interface Refusal {
  reason: string;
  detail: string;
  hint: string;
}

/** Where an article stands, with what follows from it. */
export interface Position extends Stand {
  available: number;
  projected: number;
}
