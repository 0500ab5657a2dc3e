// A refusal in the page's own words, with the figures and names that the service gives beside its sentence.
import type { Said } from "../api";
import { site, skuName } from "../state";
import { known, money, number, word } from "./words";

const COINS = ["worth", "limit"];

/** What the service found, in the language that is shown; "" where only the service's own sentence says it. */
export function exactly({ reason, told, errors, by }: Pick<Said, "reason" | "told" | "errors" | "by">): string {
  const bound = reason === "bad_request" ? errors?.[0] : undefined;
  if (bound) return bound.code && typeof bound.limit === "number" ? word("bound", bound.code, { n: number(bound.limit, 2) }) : word("refused", reason);
  const given = by ? { by } : told;
  if (!given || !Object.keys(given).length || !known("told", reason)) return "";
  return word("told", reason, Object.fromEntries(Object.entries(given).map(([name, value]) => [name, shown(name, value)])));
}

function shown(name: string, value: string | number): string {
  if (typeof value === "string") return name === "sku" ? skuName(value) : value;
  return COINS.includes(name) ? money(value, site.value?.currency || "EUR") : number(value, 2);
}
