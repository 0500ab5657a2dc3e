// What an alert says: its title and the figures in its parameters, worded by its rule.
import { deviceName, gatewayOf, gateways, now, site, skuName, zoneName } from "../state";
import type { AlertView, NeedView, SlotView } from "../types";
import { ago, asOf, days, daysHigh, daysLow, figure, known, money, number, percent, quantity, say, word } from "../words/words";

/** The title of an alert, with the side of the limit where the rule tells one. A rule without words is its code. */
export function titled({ rule, params }: AlertView): string {
  const sided = `${rule}.${params.side}`;
  return word("alert", known("alert", sided) ? sided : rule);
}

/** Why a slot's count can not be told, or is not as of now. */
export const because = ({ reason, device }: SlotView): string => (reason ? word("reason", reason, { time: awaySince(gatewayOf(device)) }) : "");

/** Since when a gateway is away, as people say it. */
export function awaySince(gateway: string): string {
  const seen = gateways.value.get(gateway)?.last_seen_ms;
  return seen ? asOf(seen, now.peek()) : "–";
}

/** What a button says that orders a proposal: an amount, so that nobody takes it for the number of an order. */
export const orderSaid = ({ quantity: n }: NeedView): string => (n === 1 ? say("needs.order_one") : say("needs.order", { n: number(n) }));

/** How many a need is of. */
export const unitsSaid = ({ quantity: n }: NeedView): string => (n === 1 ? say("needs.unit") : say("needs.units", { n: number(n) }));

/** Short phrases, the most telling first; where a gateway alone raised it, that it did. */
export function said(alert: AlertView): string[] {
  const { gateway } = alert.params;
  return [...figures(alert), ...(typeof gateway === "string" ? [say("alert.from_gateway", { gateway })] : [])];
}

function figures({ rule, params, state }: AlertView): string[] {
  const n = (name: string) => (typeof params[name] === "number" ? params[name] : null);
  const text = (name: string) => (typeof params[name] === "string" ? params[name] : "");
  const [value, limit, seen] = [n("value"), n("limit"), n("last_seen_ms")];
  switch (rule) {
    case "zone_temperature":
    case "zone_humidity":
      return value === null ? [] : [limit === null ? quantity(value, text("unit"), 1) : say("alert.value_limit", { value: quantity(value, text("unit"), 1), limit: quantity(limit, text("unit")) })];
    case "device_silent":
    case "gateway_silent":
      if (state === "resolved") return []; // it has been heard since
      return [...(params.state === "offline" ? [say("device.offline")] : []), ...(seen === null ? [] : [say("alert.last_heard", { when: seen > 0 ? ago(seen, now.value) : say("devices.never") })])];
    case "stock_out": {
      const [coming, demand] = [n("on_order"), n("daily_demand")];
      return [...(coming === null ? [] : [say("alert.on_order", { n: number(coming) })]), ...(demand === null ? [] : [say("alert.demand", { n: figure(demand) })])];
    }
    case "stock_unknown":
      return [...(text("reason") ? [word("reason", text("reason"))] : []), ...(text("remedy") ? [word("remedy", text("remedy"))] : [])];
    case "stock_differs": {
      const [booked, low, high] = [n("booked"), n("low"), n("high")];
      const seen = n("count") ?? (low === high ? low : null);
      return [
        ...(booked === null ? [] : [say("alert.booked", { n: number(booked) })]),
        ...(seen !== null ? [say("alert.counted", { n: number(seen) })] : low !== null && high !== null ? [say("alert.counted_between", { low: number(low), high: number(high) })] : []),
      ];
    }
    case "outbox_full": {
      const used = n("used_pct");
      return used === null ? [] : [say("alert.filled", { share: percent(used / 100) })];
    }
    case "clock_wrong": {
      const off = n("off_s");
      return off === null ? [] : [say("alert.clock_off", { s: number(off) })];
    }
    case "broker_away":
    case "not_acknowledging":
      return [];
    case "incomplete": {
      const missing = n("missing");
      return missing === null || state === "resolved" ? [] : [say("alert.missing", { n: number(missing) })];
    }
    case "refrigeration_capacity":
      return capacity(n);
    default:
      if (known("says", rule)) return phrases(word("says", rule), params);
      return Object.entries(params).flatMap(([name, what]) => (what === null || what === "" || UNSAID.has(name) ? [] : [`${name} ${what}`]));
  }
}

const UNSAID = new Set(["gateway", "since_ms", "nodata"]);

/** The phrases of a text of `words/rules_*.ts`, each with its figures filled in; those that lack one are left out. */
function phrases(text: string, params: AlertView["params"]): string[] {
  return text.split("|").flatMap((phrase) => {
    let whole = true;
    const filled = phrase.replace(/\{(\w+):([\w.]+)\}/g, (_, name: string, form: string) => {
      const what = form === "left" ? left(params) : formed(params[name], form);
      whole &&= what !== "";
      return what;
    });
    return whole ? [filled] : [];
  });
}

/** How many days are left: nine of ten last so long; open-ended where nobody knows an end. */
function left({ days_low: low, days_high: high }: AlertView["params"]): string {
  if (typeof low !== "number") return "";
  return typeof high === "number" ? say("alert.left", { low: daysLow(low), high: daysHigh(high) }) : say("alert.left_open", { low: daysLow(low) });
}

/** "1/vibration_mm_s" is the vibration of channel 1. */
export function featured(name: string): string {
  const what = name.slice(name.lastIndexOf("/") + 1);
  return known("feature", what) ? word("feature", what) : known("quantity", what) ? word("quantity", what) : what.replaceAll("_", " ");
}

/** One figure in its form; "" where there is nothing to say. */
function formed(what: string | number | null | undefined, form: string): string {
  if (what === null || what === undefined || what === "") return "";
  if (form.startsWith("w.")) return word(form.slice(2), String(what));
  const n = typeof what === "number" ? what : null;
  switch (form) {
    case "zone":
      return zoneName(String(what));
    case "device":
      return deviceName(String(what));
    case "sku":
      return skuName(String(what));
    case "text":
      return String(what);
    case "feature":
      return featured(String(what));
  }
  if (n === null) return "";
  switch (form) {
    case "x":
      return n > 0 ? number(n) : "";
    case "f":
      return figure(n);
    case "pct":
      return percent(n / 100);
    case "c":
      return quantity(n, "Cel", 1);
    case "d":
      return days(n);
    case "due":
      return n < 0 ? say("alert.days_over", { n: number(-n) }) : say("alert.days_left", { n: number(n) });
    case "ago":
      return n > 0 ? ago(n, now.value) : "";
    case "money":
      return money(n, site.value?.currency || "EUR");
    default:
      return number(n);
  }
}

function capacity(n: (name: string) => number | null): string[] {
  const [lost, left, low, high, duty, expected] = [n("capacity_lost_pct"), n("days_mid"), n("days_low"), n("days_high"), n("duty"), n("duty_expected")];
  const said = lost === null ? [] : [say("alert.capacity_lost", { share: percent(lost / 100) })];
  if (left !== null && low !== null) {
    said.push(high === null ? say("alert.limit_in_open", { days: figure(left), low: daysLow(low) }) : say("alert.limit_in", { days: figure(left), low: daysLow(low), high: daysHigh(high) }));
  }
  if (duty !== null && expected !== null) said.push(say("alert.duty", { duty: percent(duty), expected: percent(expected) }));
  return said;
}
