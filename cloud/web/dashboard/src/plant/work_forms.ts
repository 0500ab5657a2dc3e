// What the forms of a maintenance order ask for, and what is sent of what was entered. Pure, but for the language.
import { amount, type Field, momentOf, msOf } from "../core/forms";
import type { Values } from "../trade/form";
import { number, say } from "../words/words";
import type { PersonView } from "../types_crew";
import type { WorkBody } from "./api";
import { type Parts, unitsOf } from "./parts_picker";
import type { PartView, WorkView } from "../types";

const HOUR_MS = 3_600_000;
const TITLE_MAX = 120;

export const FORMS = ["change", "start", "take", "finish", "cancel"] as const;
export type WorkForm = (typeof FORMS)[number];

/** Those of a new order, or of a change. `people`: who may be asked to do it; null or nobody: whoever is named. */
export function planFields(work: WorkView | null, now: number, zone: string, people: readonly PersonView[] | null): Field[] {
  const hour = Math.ceil(now / HOUR_MS) * HOUR_MS;
  const [from, until] = work ? [work.from_ms, work.until_ms] : [hour, hour + 2 * HOUR_MS];
  return [
    { name: "title", label: say("work.what"), kind: "text", value: work?.title ?? "", needed: !work?.cause.rule, most: TITLE_MAX },
    who(work?.assigned_to ?? "", people),
    { name: "from", label: say("work.from"), kind: "moment", value: momentOf(from, zone) },
    { name: "until", label: say("work.until"), kind: "moment", value: momentOf(until, zone), hint: say("work.window_hint") },
    {
      name: "whole_zone", label: say("work.quiet"), kind: "choice", value: work?.whole_zone ? "yes" : "", hint: say("work.quiet_hint"),
      choices: [["", say("work.this_asset")], ["yes", say("work.whole_zone")]],
    },
    { name: "note", label: say("alerts.note"), kind: "text" },
  ];
}

/** By whom: one of the site's people, or nobody yet. Whoever has it stays to be chosen. */
function who(given: string, people: readonly PersonView[] | null): Field {
  const field = { name: "assigned_to", label: say("work.who"), value: given };
  if (!people?.length) return { ...field, kind: "text", most: 64 };
  const gone = given && !people.some((one) => one.id === given) ? [given] : [];
  return { ...field, kind: "choice", choices: [["", say("work.nobody_yet")], ...gone.map((id): [string, string] => [id, id]), ...people.map((one): [string, string] => [one.id, one.name])] };
}

const left = (part: PartView): number => Math.max(0, part.units - part.taken);

export function stepFields(step: WorkForm, work: WorkView, now: number, zone: string, people: readonly PersonView[] | null): Field[] {
  const note: Field = { name: "note", label: say(step === "cancel" ? "order.why" : "alerts.note"), kind: "text", needed: step === "cancel" };
  const used = work.parts.filter((one) => one.taken > 0).map((one): Field => ({ name: `used ${one.sku}`, label: say("work.used_of", { name: one.name, n: number(one.taken) }), kind: "whole", value: String(step === "cancel" ? 0 : one.taken), least: 0, most: one.taken }));
  switch (step) {
    case "change":
      return planFields(work, now, zone, people);
    case "start":
      return work.until_ms ? [] : [{ name: "until", label: say("work.until"), kind: "moment", value: momentOf(Math.ceil(now / HOUR_MS) * HOUR_MS + HOUR_MS, zone), hint: say("work.window_hint") }];
    case "take":
      return work.parts.filter((one) => left(one) > 0).map((one) => ({ name: `take ${one.sku}`, label: `${one.name}: ${say("work.take_of", { n: number(left(one)) })}`, kind: "whole", value: String(Math.min(left(one), one.there)), least: 0, most: left(one), hint: one.short > 0 ? say("work.short_of", { n: number(one.short) }) : undefined }));
    case "finish":
      return [
        { name: "found", label: say("work.found"), kind: "prose", needed: true },
        { name: "did", label: say("work.did"), kind: "prose", needed: true },
        ...used,
        ...(work.cause.rule ? [{ name: "verdict", label: say("work.was_it_right"), kind: "choice", value: "", choices: [["", say("verdict.nobody")], ["right", say("verdict.right")], ["wrong", say("verdict.wrong")]] } satisfies Field] : []),
      ];
    case "cancel":
      return [note, ...used];
  }
}

/** The service takes no longer window, and none that begins later (`working.py` in cloud/core/maintenance). */
const WINDOW_MAX_MS = 14 * 24 * HOUR_MS;
const AHEAD_MAX_MS = 366 * 24 * HOUR_MS;

/** What is wrong with a window, as a reason of refusal; "" for nothing. One that stays as it was is not judged. */
export function windowTrouble(values: Values, now: number, zone: string, work: WorkView | null = null): "" | "window_half" | "window_backwards" | "window_over" | "window_long" | "window_far" {
  const [from, until] = [values.from ?? "", values.until ?? ""];
  if (work && from === momentOf(work.from_ms, zone) && until === momentOf(work.until_ms, zone)) return "";
  if (!from !== !until) return "window_half";
  if (!from) return "";
  const [begins, ends] = [msOf(from, zone), msOf(until, zone)];
  if (begins >= ends) return "window_backwards";
  if (ends <= now) return "window_over";
  if (ends - begins > WINDOW_MAX_MS) return "window_long";
  return begins > now + AHEAD_MAX_MS ? "window_far" : "";
}

export function planBody(values: Values, zone: string, parts: Parts): WorkBody {
  return {
    title: values.title ?? "",
    assigned_to: values.assigned_to ?? "",
    from_ms: values.from ? msOf(values.from, zone) : 0,
    until_ms: values.until ? msOf(values.until, zone) : 0,
    whole_zone: values.whole_zone === "yes",
    parts: unitsOf(parts),
    ...(values.note && { note: values.note }),
  };
}

export function stepBody(step: WorkForm, values: Values, zone: string): WorkBody {
  const counted = (prefix: string) => Object.entries(values).filter(([name]) => name.startsWith(`${prefix} `)).map(([name, text]) => ({ sku: name.slice(prefix.length + 1), units: amount(text, "whole") ?? 0 }));
  const note = values.note ? { note: values.note } : {};
  switch (step) {
    case "start":
      return { ...(values.until && { until_ms: msOf(values.until, zone) }) };
    case "take":
      return { parts: counted("take").filter((one) => one.units > 0) };
    case "finish":
      return { found: values.found ?? "", did: values.did ?? "", used: counted("used"), verdict: (values.verdict ?? "") as "" | "right" | "wrong" };
    case "cancel":
      return { ...note, used: counted("used") };
    default:
      return note;
  }
}
