// The figures an alert carries: each with its name, its unit and, where there is one, what would be normal.
import { devices, heardAt, site, speaks, zones } from "../state";
import type { AlertView } from "../types";
import { unitOf as channelUnit } from "../core/units";
import { featured as measured, featureName, paramSaid } from "../plant/features";
import { featured } from "../ui/said";
import { days, daysHigh, daysLow, exact, figure, known, money, number, percent, quantity, say, word } from "../words/words";

export interface Figure {
  name: string;
  label: string;
  value: string;
  /** What would be normal; "" where nothing says so. */
  normal: string;
}

/** In what each is told; a name that is not here is told by how it ends. */
const UNITS: Record<string, string> = {
  capacity_lost_pct: "pct", used_pct: "pct", risk_pct: "pct", off_pct: "pct", health_pct: "pct", battery_pct: "pct", celsius: "Cel", peak_c: "Cel", limit_c: "Cel",
  to_limit_min: "min", outside_min: "min", open_min: "min", off_s: "s", period_ms: "ms", cover_days: "d", days: "d", days_left: "d", days_late: "d",
  days_low: "d", days_mid: "d", days_high: "d", at_stake: "units", units: "units", over_units: "units", usual_units: "units", on_order: "units", projected: "units",
  reorder_point: "units", order_up_to: "units", available: "units", booked: "units", count: "units", low: "units", high: "units", told: "units", came: "units", picked: "units",
  daily_demand: "a_day", expired: "units", hours: "h", minutes: "min", reads_min: "a_min", usual_reads_min: "a_min", free_mb: "MB", value: "of", limit: "of", duty: "share", duty_expected: "share", share: "share", usual_share: "share",
  disturbances_day: "n", lost_db: "dB", usual_hours: "h", usual_minutes: "min", learned_days: "d", drift_g: "g", offset_s: "s", more_than_s: "s",
};
/** Money only where the rule says so: elsewhere `value` is measured. */
const WORTH = new Set(["shrinkage", "overstock", "expiry"]);
/** Told elsewhere on the page, or of no use to people. */
const UNSAID = new Set(["name", "unit", "side", "gateway", "nodata", "first", "rule", "asset", "work", "score", "days_least", "now"]);
/** What is told as the normal of another, and not by itself. */
const NORMAL = new Set(["limit", "limit_c", "normal_low", "normal_high", "duty_expected", "period_ms", "reorder_point", "usual_units", "order_up_to", "told", "usual_reads_min", "fall_expected_min", "rise_expected_min", "usual_hours", "usual_minutes", "usual_share"]);
/** Spans are told in one line: "2.6 d (1.4 to 5.1)". */
const SPANS: Record<string, [low: string, high: string]> = { days_mid: ["days_low", "days_high"], count: ["low", "high"] };
const CODES: Record<string, string> = { reason: "reason", remedy: "remedy", finding: "finding", fault: "fault", why: "breach", state: "device", kind: "kind" };

/** Of when the figures are: they go with what is measured until the alert is over, whoever does what about it meanwhile. Of
 *  a device that does not speak now they are what it said last, unless they tell just that. */
export function figuresAt(alert: AlertView): number {
  if (alert.state === "resolved") return alert.changed_ms;
  const device = SILENT.has(alert.rule) || alert.nodata ? undefined : devices.value.get(alert.subject);
  const lost = device && device.last_seen_ms > 0 && !speaks(device.id);
  return lost ? device.last_seen_ms : heardAt.value;
}

/** They tell how long nothing was heard. */
const SILENT = new Set(["device_silent", "gateway_silent", "sensor_silent", "room_unwatched", "zone_dark"]);

export function figures(alert: AlertView): Figure[] {
  const { params } = alert;
  const spanned = new Set(Object.entries(SPANS).flatMap(([name, ends]) => (typeof params[name] === "number" ? ends : [])));
  const owned = new Set(Object.keys(params).filter((name) => NORMAL.has(name) && MEASURED[name]?.some((one) => params[one] !== undefined && params[one] !== null)));
  return Object.entries(params).flatMap(([name, value]) => {
    if (value === null || value === "" || UNSAID.has(name) || spanned.has(name) || owned.has(name)) return [];
    return [{ name, label: labelled(name), value: told(alert, name, value), normal: normal(alert, name) }];
  });
}

/** Of which figures each is the normal. */
const MEASURED: Record<string, string[]> = {
  limit: ["value"], limit_c: ["celsius"], normal_low: ["value"], normal_high: ["value"], duty_expected: ["duty"], period_ms: ["last_seen_ms"], reorder_point: ["projected"],
  usual_units: ["units"], order_up_to: ["available"], told: ["came"], usual_reads_min: ["reads_min"],
  fall_expected_min: ["fall_min"], rise_expected_min: ["rise_min"], usual_hours: ["hours"], usual_minutes: ["minutes"], usual_share: ["share"],
};
/** What is measured by the channel or the feature that the alert is of. */
const OF_FEATURE = new Set(["value", "usual", "size"]);

function labelled(name: string): string {
  const said = known("fig", name) ? word("fig", name) : paramSaid(name);
  return said ? said[0]!.toUpperCase() + said.slice(1) : name.replace(/_(ms|pct|c|s|min|h|days|units)$/, "").replaceAll("_", " ");
}

function unitOf(alert: AlertView, name: string): string {
  if (OF_FEATURE.has(name) && !WORTH.has(alert.rule)) return "of";
  const unit = UNITS[name] ?? (name.endsWith("_ms") ? "at" : name.endsWith("_pct") ? "pct" : name.endsWith("_c") ? "Cel" : name.endsWith("_min") ? "min" : name.endsWith("_s") ? "s" : name.endsWith("_days") ? "d" : "");
  return unit === "of" ? (WORTH.has(alert.rule) ? "money" : "of") : unit;
}

function told(alert: AlertView, name: string, value: string | number): string {
  if (name === "feature") return featured(String(value));
  if (name === "channel") return featureName(String(value));
  if (typeof value === "string") {
    const family = CODES[name];
    return family && known(family, value) ? word(family, value) : value;
  }
  const span = SPANS[name];
  const [low, high] = span ? [alert.params[span[0]], alert.params[span[1]]] : [];
  const text = shown(alert, unitOf(alert, name), value);
  if (typeof low !== "number") return text;
  const [least, most] = name === "days_mid" ? [daysLow, daysHigh] : [figure, figure];
  return typeof high === "number" ? say("shown.span", { value: text, low: least(low), high: most(high) }) : say("shown.span_open", { value: text, low: least(low) });
}

function shown({ params }: AlertView, unit: string, value: number): string {
  switch (unit) {
    case "pct":
      return percent(value / 100, Math.abs(value) < 10 ? 1 : 0);
    case "share":
      return percent(value);
    case "at":
      return value > 0 ? exact(value) : say("devices.never");
    case "ms":
      return quantity(value, "ms");
    case "s":
    case "MB":
    case "g":
    case "dB":
    case "Cel":
      return quantity(value, unit, unit === "Cel" ? 1 : undefined);
    case "min":
      return quantity(value * 60, "s");
    case "h":
      return quantity(value * 3600, "s");
    case "a_min":
      return say("shown.a_min", { n: figure(value) });
    case "d":
      return days(value);
    case "units":
      return say("shown.units", { n: figure(value) });
    case "a_day":
      return say("shown.a_day", { n: figure(value) });
    case "money":
      return money(value, site.value?.currency || "EUR");
    case "of":
      return of(params, value, 1);
    default:
      return number(value, Math.abs(value) < 10 ? 2 : 1);
  }
}

/** A value of what the alert is of: of a feature as that is counted everywhere, of a channel in its unit. */
function of({ feature, channel, unit }: AlertView["params"], value: number, digits?: number): string {
  const given = typeof unit === "string" ? unit : "";
  if (typeof feature === "string") return measured(value, { name: feature, unit: given });
  const about = given || (typeof channel === "string" ? channelUnit(channel.slice(channel.lastIndexOf("/") + 1)) : "");
  return quantity(value, about, digits);
}

function normal(alert: AlertView, name: string): string {
  const { params, rule } = alert;
  const n = (key: string) => (typeof params[key] === "number" ? params[key] : null);
  const expected = (value: number | null, unit: string) => (value === null ? "" : say("shown.expected", { value: shown(alert, unit, value) }));
  const most = (value: number | null, unit: string) => (value === null ? "" : say("shown.most", { limit: shown(alert, unit, value) }));
  const bound = (limit: number | null, unit: string) => (limit === null ? "" : say(params.side === "low" ? "shown.least" : "shown.most", { limit: shown(alert, unit, limit) }));
  switch (name) {
    case "value": {
      const [low, high] = [n("normal_low"), n("normal_high")];
      if (low !== null && high !== null) {
        const usual = say("shown.between", { low: params.unit ? figure(low) : of(params, low), high: of(params, high) });
        const limit = n("limit");
        return limit === null ? usual : `${usual}, ${say("shown.limit", { limit: shown(alert, "of", limit) })}`;
      }
      const zone = rule === "zone_temperature" ? zones.value.get(alert.zone) : undefined;
      if (zone && zone.min_c !== null && zone.max_c !== null) return say("shown.between", { low: number(zone.min_c, 1), high: quantity(zone.max_c, "Cel") });
      return bound(n("limit"), "of");
    }
    case "celsius":
    case "peak_c":
      return bound(n("limit_c"), "Cel");
    case "duty": {
      const expected = n("duty_expected");
      return expected === null ? "" : say("shown.expected", { value: percent(expected) });
    }
    case "fall_min":
    case "rise_min":
      return expected(n(name.replace("_min", "_expected_min")), "min");
    case "hours":
      return most(n("usual_hours"), "h");
    case "minutes": {
      const every = n("usual_minutes");
      return every === null ? "" : say("shown.every", { time: shown(alert, "min", every) });
    }
    case "share":
      return expected(n("usual_share"), "share");
    case "last_seen_ms": {
      const period = n("period_ms");
      return period === null ? "" : say("shown.every", { time: quantity(period, "ms") });
    }
    case "projected": {
      const point = n("reorder_point");
      return point === null ? "" : say("shown.above", { n: figure(point) });
    }
    case "available": {
      const most = n("order_up_to");
      return most === null ? "" : say("shown.most", { limit: say("shown.units", { n: figure(most) }) });
    }
    case "units": {
      const usual = n("usual_units");
      return usual === null ? "" : say("shown.most", { limit: say("shown.units", { n: figure(usual) }) });
    }
    case "reads_min": {
      const usual = n("usual_reads_min");
      return usual === null ? "" : say("shown.expected", { value: say("shown.a_min", { n: figure(usual) }) });
    }
    case "came": {
      const expected = n("told");
      return expected === null ? "" : say("shown.expected", { value: say("shown.units", { n: figure(expected) }) });
    }
    default:
      return "";
  }
}
