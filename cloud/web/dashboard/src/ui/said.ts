// What an alert says: its title and the figures in its parameters, worded by its rule.
import { now } from "../state";
import type { AlertView } from "../types";
import { ago, figure, known, number, percent, quantity, say, word } from "../words/words";

/** The title of an alert, with the side of the limit where the rule tells one. A rule without words is its code. */
export function titled({ rule, params }: AlertView): string {
  const sided = `${rule}.${params.side}`;
  return word("alert", known("alert", sided) ? sided : rule);
}

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
    case "device_sick":
      return [word("finding", text("finding")), ...(text("remedy") ? [word("remedy", text("remedy"))] : [])];
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
      return Object.entries(params).flatMap(([name, what]) => (what === null || what === "" || name === "gateway" || name === "since_ms" ? [] : [`${name} ${what}`]));
  }
}

function capacity(n: (name: string) => number | null): string[] {
  const [lost, days, low, high, duty, expected] = [n("capacity_lost_pct"), n("days_to_limit"), n("days_low"), n("days_high"), n("duty"), n("duty_expected")];
  const said = lost === null ? [] : [say("alert.capacity_lost", { share: percent(lost / 100) })];
  if (days !== null && low !== null) {
    said.push(high === null ? say("alert.limit_in_open", { days: figure(days), low: figure(low) }) : say("alert.limit_in", { days: figure(days), low: figure(low), high: figure(high) }));
  }
  if (duty !== null && expected !== null) said.push(say("alert.duty", { duty: percent(duty), expected: percent(expected) }));
  return said;
}
