// What may stand in a field of a form, and what is wrong with what stands there. Pure.

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
export type Flaw = { code: "needed" | "number" | "whole" | "least" | "most" | "between" | "date" | "early" | "long" | "moment" | "id"; least?: number; most?: number; from?: string };

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
      const value = amount(given);
      const { least, most = AMOUNT_MAX } = field;
      if (value === null) return { code: "number" };
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

/** A number as people write it, with a point or a comma before its decimals; null for what is none. */
export function amount(text: string): number | null {
  const plain = text.trim().replace(/\s/g, "").replace(/^([+-]?\d*),(\d*)$/, "$1.$2");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}

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
