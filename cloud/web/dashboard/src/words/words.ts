// The page's words in the language chosen. Numbers, dates and units go through Intl, in the site's time zone.
import { computed, effect, signal } from "@preact/signals";
import type { en as crew } from "./crew_en";
import { en } from "./en";
import type { en as cold } from "./cold_en";
import type { en as door } from "./door_en";
import type { en as field } from "./field_en";
import type { en as floor } from "./floor_en";
import type { en as front } from "./front_en";
import type { en as home } from "./home_en";
import type { en as gate } from "./gate_en";
import type { en as orders } from "./orders_en";
import type { en as people } from "./people_en";
import type { en as phone } from "./phone_en";
import type { en as plant } from "./plant_en";
import type { en as portal } from "./portal_en";
import type { en as supply } from "./supply_en";
import type { en as site } from "./site_en";
import type { en as trade } from "./trade_en";
import { en as rulesEn } from "./rules_en";

export type Key =
  | keyof typeof en
  | keyof typeof rulesEn
  | keyof typeof trade
  | keyof typeof orders
  | keyof typeof portal
  | keyof typeof supply
  | keyof typeof crew
  | keyof typeof field
  | keyof typeof floor
  | keyof typeof front
  | keyof typeof gate
  | keyof typeof phone
  | keyof typeof home
  | keyof typeof plant
  | keyof typeof cold
  | keyof typeof people
  | keyof typeof site
  | keyof typeof door;
export type Words = Record<keyof typeof en, string>;
export type Language = "en" | "zh";
export const LANGUAGES: Record<Language, string> = { en: "English", zh: "中文" };

const BOOKS: Record<Language, Record<string, string>> = { en: { ...en, ...rulesEn }, zh: {} };
const browser = typeof window !== "undefined";
const preferred = browser ? navigator.languages : ["en"];
const kept = browser ? localStorage.getItem("language") : null;

export const language = signal<Language>(kept === "en" || kept === "zh" ? kept : preferred[0]?.startsWith("zh") ? "zh" : "en");
export const timezone = signal("UTC");

const locale = computed(() => preferred.find((one) => one.startsWith(language.value)) ?? (language.value === "zh" ? "zh-CN" : "en-GB"));

if (browser) {
  effect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
  });
}

export function choose(one: Language): void {
  if (browser) localStorage.setItem("language", one);
  language.value = one;
}

/** Words that came later, with the parts of the page that need them. */
export function add(more: Partial<Record<Language, Record<string, string>>>): void {
  for (const one of ["en", "zh"] as const) Object.assign(BOOKS[one], more[one]);
}

/** The words of a key with its {names} filled in. */
export function say(key: Key, params: Record<string, string | number> = {}): string {
  return filled(BOOKS[language.value][key] ?? BOOKS.en[key] ?? key, params);
}

/** The words of a code that came from the service; a code without words is shown as it is. */
export function word(family: string, code: string, params: Record<string, string | number> = {}): string {
  const key = `${family}.${code}`;
  return filled(BOOKS[language.value][key] ?? BOOKS.en[key] ?? code, params);
}

/** All codes of a family that have a text. */
export const codes = (family: string): string[] => Object.keys({ ...BOOKS.en, ...BOOKS[language.value] }).flatMap((key) => (key.startsWith(`${family}.`) ? [key.slice(family.length + 1)] : []));

/** Is there a text for this code? */
export function known(family: string, code: string): boolean {
  return `${family}.${code}` in BOOKS[language.value] || `${family}.${code}` in BOOKS.en;
}

function filled(text: string, params: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? "–"));
}

/** Intl's formatters are dear to make, and the same few are used all the time. */
const formatters = new Map<string, unknown>();
function formatter<T>(kind: new (locale: string, options: object) => T, options: object): T {
  const name = `${kind.name} ${locale.value} ${JSON.stringify(options)}`;
  if (!formatters.has(name)) formatters.set(name, new kind(locale.value, options));
  return formatters.get(name) as T;
}

export function number(value: number, digits = 0, style: Intl.NumberFormatOptions = {}): string {
  return formatter(Intl.NumberFormat, { maximumFractionDigits: digits, ...style }).format(value).replace(/^-/, "−");
}

/** What parts thousands, and what decimals, in the page's numbers. */
export function marks(): { thousands: string; decimals: string } {
  const of = (kind: string) => formatter(Intl.NumberFormat, {}).formatToParts(1_234_567.8).find(({ type }) => type === kind)?.value ?? "";
  return { thousands: of("group"), decimals: of("decimal") };
}

/** A number with as many digits as mean something: 2.46 → 2.5, 246.1 → 246. */
export function figure(value: number): string {
  return number(value, Math.abs(value) < 100 && !Number.isInteger(value) ? 1 : 0);
}

/** The ends of a span of days, rounded outwards, so that it never tells more than is known: whole days from three on. */
export const daysLow = (days: number): string => figure(days < 3 ? Math.floor(days * 10) / 10 : Math.floor(days));
export const daysHigh = (days: number): string => figure(days < 3 ? Math.ceil(days * 10) / 10 : Math.ceil(days));

const UNITS: Record<string, string> = { Cel: "°C", degF: "°F", "%RH": "%", pct: "%" };

/** A value with its unit, as on a label: "−18.6 °C", "57%". Seconds and milliseconds are told in the fitting unit. */
export function quantity(value: number, unit: string, digits?: number): string {
  if (unit === "ms") return duration(value);
  if (unit === "s") return duration(value * 1000);
  const text = digits === undefined ? figure(value) : number(value, digits, { minimumFractionDigits: digits });
  const shown = UNITS[unit] ?? unit;
  return shown && shown !== "%" ? `${text}\u00a0${shown}` : text + shown;
}

export function percent(share: number, digits = 0): string {
  return number(share, digits, { style: "percent" });
}

export function money(value: number, currency: string): string {
  return number(value, 2, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
}

function duration(ms: number): string {
  const [value, unit] = ms < 90_000 ? [ms / 1000, "second"] : ms < 5_400_000 ? [ms / 60_000, "minute"] : ms < 129_600_000 ? [ms / 3_600_000, "hour"] : [ms / 86_400_000, "day"];
  return number(value as number, 0, { style: "unit", unit: unit as string, unitDisplay: "short" });
}

/** A number of days, with its word: "1 day", "3.1 days". */
export function days(value: number): string {
  return number(value, 1, { style: "unit", unit: "day", unitDisplay: "long" });
}

/** A time that is not exceeded, in whole units that fit: "1 min", never less than it is. */
export function atMost(ms: number): string {
  const [of, unit] = ms <= 3_600_000 ? [60_000, "minute"] : ms <= 86_400_000 ? [3_600_000, "hour"] : [86_400_000, "day"];
  return number(Math.ceil(ms / (of as number)), 0, { style: "unit", unit: unit as string, unitDisplay: "short" });
}

/** How long ago, in the unit that fits: "now", "40 sec ago" (by tens, so that it can be read), "8 min ago". */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  const format = formatter(Intl.RelativeTimeFormat, { numeric: "auto", style: "short" });
  if (seconds < 60) return format.format(seconds < 30 ? 0 : -Math.floor(seconds / 10) * 10, "second");
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), "hour");
  return format.format(-Math.floor(seconds / 86_400), "day");
}

function when(ms: number, style: Intl.DateTimeFormatOptions): string {
  return formatter(Intl.DateTimeFormat, { timeZone: timezone.value, hourCycle: "h23", ...style }).format(ms);
}

/** The time of day at the site. */
export function clock(ms: number): string {
  return when(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function minute(ms: number): string {
  return when(ms, { hour: "2-digit", minute: "2-digit" });
}

/** The day and time at the site, with the zone's name. */
export function exact(ms: number): string {
  return when(ms, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
}

/** The day at the site, as short as people say it: "Tue 24 Nov". */
export function day(ms: number): string {
  return when(ms, { weekday: "short", day: "numeric", month: "short" });
}

/** The day of the month at the site: "24". */
export function dayNumber(ms: number): string {
  return when(ms, { day: "numeric" }).replace(/\D/g, "");
}

/** The day at the site without its weekday: "24 Nov". */
export function shortDay(ms: number): string {
  return when(ms, { day: "numeric", month: "short" });
}

/** The day and minute at the site: "Tue 24 Nov, 14:10". */
export function moment(ms: number): string {
  return when(ms, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** The time of day; of what is longer ago the day too. */
export function asOf(ms: number, now: number): string {
  return now - ms < 43_200_000 ? minute(ms) : moment(ms);
}

/** The short name of the site's time zone now: "CET", "GMT+8". */
export function zoneName(ms: number): string {
  const parts = formatter(Intl.DateTimeFormat, { timeZone: timezone.value, timeZoneName: "short" }).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? timezone.value;
}
