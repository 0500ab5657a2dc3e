// What may stand in a field of a form, and what is wrong with what stands there. Pure, but for the language.
import { marks } from "../words/words";

/** `moment`: a day and a time of it, as "2026-11-24T14:30"; `prose`: text of several lines. */
export type Kind = "whole" | "money" | "text" | "date" | "choice" | "moment" | "prose";
export interface Field {
  name: string;
  label: string;
  kind: Kind;
  /** What stands there at first. */
  value?: string;
  needed?: boolean;
  least?: number;
  most?: number;
  /** Of a date, the first day allowed, as "2026-11-22". */
  from?: string;
  choices?: [value: string, words: string][];
  hint?: string;
  /** Text by which others name it: letters, digits, - and _. */
  id?: boolean;
}

/** A code of what is wrong and the figures for its words; null when all is well. */
export type Flaw = { code: "needed" | "number" | "unclear" | "whole" | "least" | "most" | "between" | "date" | "early" | "long" | "moment" | "id"; least?: number; most?: number; from?: string; readings?: Readings };

/** A number that can be read in two ways, as it would be written if the one was meant and if the other was. */
export interface Readings {
  thousands: string;
  decimal: string;
}

const TEXT_MAX = 500;
/** No amount of units or money that the service takes is larger. */
const AMOUNT_MAX = 1e9;
const ID = /^[A-Za-z0-9_-]*$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/;

export function flaw(field: Field, text: string): Flaw | null {
  const given = text.trim();
  if (!given) return field.needed ? { code: "needed" } : null;
  switch (field.kind) {
    case "whole":
    case "money": {
      const value = reading(given, field.kind);
      const { least, most = AMOUNT_MAX } = field;
      if (value === null) return { code: "number" };
      if (typeof value === "object") return { code: "unclear", readings: value };
      if (field.kind === "whole" && !Number.isInteger(value)) return { code: "whole" };
      const [low, high] = [least !== undefined && value < least, most !== undefined && value > most];
      if ((low || high) && least !== undefined && field.most !== undefined) return { code: "between", least, most };
      return low ? { code: "least", least: least! } : high ? { code: "most", most } : null;
    }
    case "date":
      if (!/^\d{4}-\d{2}-\d{2}$/.test(given) || Number.isNaN(Date.parse(given))) return { code: "date" };
      return field.from && given < field.from ? { code: "early", from: field.from } : null;
    case "moment":
      return MOMENT.test(given) && !Number.isNaN(Date.parse(`${given}Z`)) ? (field.from && given < field.from ? { code: "early", from: field.from.replace("T", " ") } : null) : { code: "moment" };
    default:
      if (field.id && !ID.test(given)) return { code: "id" };
      return given.length > (field.most ?? TEXT_MAX) ? { code: "long", most: field.most ?? TEXT_MAX } : null;
  }
}

// What parts thousands and what decimals is told as in a sheet (cloud/sheet_points.py); the page's own numbers are the others.
const SPACED = /^([+-]?[1-9]\d{0,2}(?:[\s'’]\d{3})+)(?=$|[.,])/;
const GROUPED = /^[+-]?[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*$/;
const BOTH = /^[+-]?[1-9]\d{0,2}(?:([.,])\d{3})+(?!\1)[.,]\d*$/;

/** A number as people write it: "1200", "1 200", "1,200.5", "0,5", "１２０". null: it is none. Where one mark has three digits behind
 *  it, it parts thousands if the page writes them so and only whole numbers are wanted, and decimals if the page writes
 *  these so and others are wanted too; anything else can be read in two ways. */
export function reading(text: string, kind: "whole" | "money"): number | Readings | null {
  const given = narrowed(text.trim()).replace(SPACED, (thousands) => thousands.replace(/[\s'’]/g, ""));
  const mark = GROUPED.exec(given)?.[1];
  if (!mark) {
    const parts = BOTH.exec(given)?.[1];
    const plain = (parts ? given.replaceAll(parts, "") : given).replace(",", ".");
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
  }
  const thousands = given.replaceAll(mark, "");
  if (given.split(mark).length > 2 || (kind === "whole" && mark === marks().thousands)) return Number(thousands);
  const decimal = Number(given.replace(mark, "."));
  return kind !== "whole" && mark === marks().decimals ? decimal : { thousands, decimal: written(decimal) };
}

/** With the digits and marks as wide as Chinese keyboards write them made as all others do. */
export const narrowed = (text: string): string => text.normalize("NFKC").replaceAll("。", ".");

/** The number that stands in a field; null for none, or what nobody can be sure of: then `flaw` says so. */
export function amount(text: string, kind: "whole" | "money"): number | null {
  const value = reading(text, kind);
  return typeof value === "object" ? null : value;
}

/** A number as it stands in a field, so that it is read as the same. */
export const written = (value: number): string => String(value).replace(".", marks().decimals);

/** The ms of a moment ("2026-11-24T14:30") in a time zone; of an hour that the clocks leave out, that much later. */
export function msOf(moment: string, timezone: string): number {
  const wanted = Date.parse(`${moment}:00Z`);
  const there = (ms: number) => Date.parse(`${new Date(ms).toLocaleString("sv-SE", { timeZone: timezone }).replace(" ", "T")}Z`);
  const guess = wanted - (there(wanted) - wanted);
  return guess - (there(guess) - wanted);
}

/** A time in a time zone as a field of a moment holds it; "" for no time. */
export function momentOf(ms: number, timezone: string): string {
  return ms > 0 ? new Date(ms).toLocaleString("sv-SE", { timeZone: timezone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).replace(" ", "T") : "";
}

/** The ms at which it is noon of a day ("2026-11-24") in a time zone, so that it is that day there. */
export function noon(day: string, timezone: string): number {
  const guess = Date.parse(`${day}T12:00:00Z`);
  const there = Date.parse(`${new Date(guess).toLocaleString("sv-SE", { timeZone: timezone }).replace(" ", "T")}Z`);
  return guess - (there - guess);
}

/** The day of a time in a time zone, as a date field holds it; "" for no time. */
export function dayOf(ms: number, timezone: string): string {
  return ms > 0 ? new Date(ms).toLocaleDateString("sv-SE", { timeZone: timezone }) : "";
}
