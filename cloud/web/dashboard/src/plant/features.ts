// What was measured of equipment, in words: features, channels, and the figures behind a fault, each with its unit.
import { figure, known, moment, percent, quantity, say, word } from "../words/words";
import { unitOf } from "../core/units";
import { lasted } from "./told";
import type { Fault, Feature } from "../types";
import type { Drawn } from "../types_care";

/** Units that a name says already. */
const SAID = new Set(["a day"]);
/** Shares without a unit in their names. */
const SHARES = new Set(["duty", "duty_expected"]);
/** Figures that are in the unit of the channel they are of. */
const MEASURED = new Set(["now", "usual", "limit", "value"]);
/** Figures that stand elsewhere, or mean nothing to people. */
const UNTOLD = new Set(["days_low", "days_mid", "days_high", "score", "remedy"]);

/** "1/temperature_c" is the temperature of channel 1, "noise.1/temperature_c" its noise, "work.1/power_w" its power at work. */
function parts(name: string): { kind: string; channel: string; quantity: string } {
  const [kind, of] = /^(still|noise|work)\.(.*)$/.exec(name)?.slice(1) ?? ["", name];
  const at = of!.lastIndexOf("/");
  return { kind: kind!, channel: at < 0 ? "" : of!.slice(0, at), quantity: of!.slice(at + 1) };
}

/** Whether it is a channel as it is, of which the mean of each hour is kept. */
export const ofChannel = (name: string): boolean => parts(name).channel !== "" && parts(name).kind === "";

export function featureName(name: string): string {
  if (known("feature", name)) return word("feature", name);
  const { kind, channel, quantity: what } = parts(name);
  const called = known("quantity", what) ? word("quantity", what) : plain(what);
  const said = kind ? word("feature", `${kind}_of`, { name: called }) : called;
  return channel ? say("ailment.of_channel", { fault: said, channel }) : said;
}

const plain = (name: string): string => name.replaceAll("_", " ");

/** How a feature is counted: its unit, and whether it is a share that is told in percent. */
export function counted(name: string, unit: string): { unit: string; share: boolean } {
  const { kind, quantity: what } = parts(name);
  if (kind === "still") return { unit, share: false };
  return { unit: unitOf(what) || (SAID.has(unit) ? "" : unit), share: SHARES.has(name) };
}

/** What stands at the axis of its chart. */
export function axisUnit(name: string, unit: string): string {
  const of = counted(name, unit);
  return of.share ? "%" : of.unit;
}

/** A value of a feature with its unit. */
export function featured(value: number, of: Pick<Feature | Drawn, "name" | "unit">): string {
  const { unit, share } = counted(of.name, of.unit);
  const switched = `${parts(of.name).quantity}.${value}`;
  if (known("switched", switched)) return word("switched", switched);
  if (share) return percent(value, Math.abs(value) < 0.1 ? 1 : 0);
  if (unit === "min") return lasted(value * 60_000);
  return quantity(value, unit, Math.abs(value) < 1 && !Number.isInteger(value) ? 2 : undefined);
}

/** What is normal: "normal 38% to 46%"; "" where nobody knows. */
export function normal(of: Pick<Drawn, "name" | "unit" | "normal_low" | "normal_high">): string {
  const { normal_low: low, normal_high: high } = of;
  if (low !== null && high !== null) return say("feature.normal", { low: featured(low, of), high: featured(high, of) });
  if (high !== null) return say("feature.normal_below", { high: featured(high, of) });
  return low !== null ? say("feature.normal_above", { low: featured(low, of) }) : "";
}

/** What a chart has one figure a day of; and what of it is judged by the last 24 hours. */
const BY_DAY = new Set(["capacity_lost", "duty", "rise", "recovery_slower", "disturbances", "battery"]);
const LATELY = new Set(["duty", "fall", "rise"]);

export const byDay = (name: string): boolean => parts(name).kind === "work" || BY_DAY.has(name);

/** What moved by now, over which time: "Share of time it runs 61%, normal 38% to 46%, in the last 24 hours". */
export const movedNow = (feature: Feature): string => (LATELY.has(feature.name) ? `${moved(feature)}, ${say("feature.lately")}` : moved(feature));

/** What moved, and what is normal: "Share of time it runs 61%, normal 38% to 46%". */
export function moved(feature: Feature): string {
  return say("feature.moved", { name: featureName(feature.name), value: featured(feature.value, feature), normal: normal(feature) });
}

/** A fault in words; of a channel, where it is of one. */
export function faulty({ code, channel }: Pick<Fault, "code" | "channel">): string {
  const said = word("ailment", code);
  if (!channel) return said;
  return channel.includes("/") ? say("ailment.of", { fault: said, name: featureName(channel) }) : say("ailment.of_channel", { fault: said, channel });
}

/** The figures behind a fault, each with its name and unit. What has no words is told by its name. */
export function figures({ params, channel }: Pick<Fault, "params" | "channel">): string[] {
  const unit = unitOf(parts(channel).quantity);
  return Object.entries(params).flatMap(([name, value]) => (value === null || value === "" || UNTOLD.has(name) ? [] : [`${named(name)} ${valued(name, value, MEASURED.has(name) ? unit : "")}`]));
}

const UNIT = /_(pct|ms|min|minutes|days|c|g|v|s|hours|db)$/;

/** A figure behind a fault, by its name; "" where no one gave it words. */
export const paramSaid = (name: string): string => (known("param", name) ? word("param", name) : "");

function named(name: string): string {
  return paramSaid(name) || plain(name.replace(UNIT, ""));
}

function valued(name: string, value: number | string, unit: string): string {
  if (typeof value === "string") return known("value", value) ? word("value", value) : value;
  if (unit) return quantity(value, unit, Number.isInteger(value * 10) ? undefined : 2);
  if (SHARES.has(name)) return percent(value);
  switch (UNIT.exec(`_${name}`)?.[1]) {
    case "pct":
      return `${figure(value)}%`;
    case "ms":
      return value > 1e11 ? moment(value) : lasted(value);
    case "s":
      return lasted(value * 1000);
    case "min":
    case "minutes":
      return lasted(value * 60_000);
    case "hours":
      return lasted(value * 3_600_000);
    case "days":
      return say("asset.n_days", { n: figure(value) });
    case "c":
      return quantity(value, "Cel", 1);
    case "g":
      return quantity(value, "g");
    case "v":
      return quantity(value, "V", 2);
    case "db":
      return quantity(value, "dB", 1);
    default:
      return figure(value);
  }
}

/** What to do about it, where the gateway says. */
export function remedy({ params }: Pick<Fault, "params">): string {
  return typeof params.remedy === "string" && known("remedy", params.remedy) ? word("remedy", params.remedy) : "";
}
