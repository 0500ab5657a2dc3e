// What waits in words, why the service did not take it, and where it belongs.
import { Refused } from "../api";
import type { Kept } from "../core/outbox";
import { countHref, workHref } from "../route";
import { told as worded } from "../trade/wish";
import { number, say, word } from "../words/words";

/** What was done, as a person would say it. */
export function inWords({ kind, told }: Pick<Kept, "kind" | "told">): string {
  const { title = "", name = "", place = "" } = told;
  switch (kind) {
    case "ack":
      return say("outbox.ack", { title });
    case "verdict":
      return say("outbox.verdict", { title, said: word("verdict", String(told.said)) });
    case "work":
      return told.action === "open" ? say("outbox.open", { title }) : say("outbox.work", { id: told.work ?? "", what: word("work_step", String(told.action)) });
    case "count":
      return say("outbox.count", { units: number(Number(told.units)), name, place: place || say("outbox.off_shelf") });
    case "skip":
      return say("outbox.skip", { name, place: place || say("outbox.off_shelf"), reason: word("skip_reason", String(told.reason)) });
  }
}

export function hrefOf({ kind, told }: Pick<Kept, "kind" | "told">): string {
  if (kind === "ack" || kind === "verdict") return `#/alerts/${told.alert}`;
  if (kind === "work") return told.work ? workHref(Number(told.work)) : "#/equipment/orders";
  return countHref(String(told.place));
}

/** Why the service said no. */
export const why = ({ said }: Kept): { words: string; english: string } => (said ? worded(new Refused(said.status, said)) : { words: "", english: "" });
