// The courses that are furthest out of what is normal, the worst first.
import { across, down, type Span, ticks } from "../core/spark";
import { appended, span, steps, withGaps } from "../core/series";
import { byDay, counted, featured, featureName, normal } from "../plant/features";
import { assetName } from "../plant/told";
import { assets, rooms } from "../plant/live";
import { assetHref, hrefOf, slotHref } from "../route";
import { heldAt, now, skuName, slots, speaks, zoneName, zones } from "../state";
import type { TrendView } from "../types_front";
import { HOUR_MS } from "../ui/history";
import { Spark } from "../ui/spark";
import { asOf, day, exact, minute, number, percent, quantity, say, shortDay } from "../words/words";
import { failed, trends, useTrends } from "./api";

const DAYS_MS = 36 * HOUR_MS;
/** Units that are told in others where those fit better. */
const LASTING = new Set(["ms", "s"]);

export function Trends() {
  useTrends();
  const found = trends.value;
  return (
    <section class="trends" aria-label={say("trends.title")}>
      {found?.map((one) => <Trend key={`${one.kind} ${one.id}`} trend={one} />)}
      {!found?.length && <p class="calm panel">{say(failed.value ? "climate.failed" : found ? "trends.none" : "loading.text")}</p>}
    </section>
  );
}

function Trend({ trend }: { trend: TrendView }) {
  const { kind, id, low, high } = trend;
  const zone = kind === "zone" ? zones.value.get(id) : undefined;
  const slot = kind === "slot" ? slots.value.get(id) : undefined;
  const [at, newest] = zone ? [zone.at_ms, zone.temperature_c] : [slot?.at_ms ?? 0, slot?.count ?? null];
  const live = newest !== null && at > trend.to_ms;
  const to = live ? at : trend.to_ms;
  const from = to - (trend.to_ms - trend.from_ms);
  const measured = { t: trend.times_ms, v: trend.values };
  const known = live ? appended(measured, at, newest, from) : measured;
  const series = slot ? steps(known, to) : withGaps(known);
  const [least, most] = span(series.v, [low, high]);
  const value = zone || slot ? newest : (series.v.findLast((one) => one !== null) ?? null); // as it is told everywhere; what is kept comes later
  const old = zone ? !speaks(zone.series) : slot ? slot.status === "silent" : !speaks(id);
  const [until, lately] = kind === "asset" ? lastKept(trend) : [zone?.at_ms || (slot && heldAt(slot)) || trend.to_ms, false];
  const when = lately ? day(until) : asOf(until, now.peek());
  const out = !old && value !== null && ((low !== null && value < low) || (high !== null && value > high));
  const of = { name: trend.name, unit: trend.unit, normal_low: low, normal_high: high };
  const asset = assets.value.get(id);
  const name = slot ? `${id} · ${skuName(slot.sku)}` : zone ? zoneName(id) : assetName(asset, id);
  const feature = kind === "slot" ? say("trends.count") : featureName(trend.name);
  const told = value === null ? "?" : slot ? say("trends.of", { n: number(value), capacity: number(slot.capacity) }) : kind === "zone" ? quantity(value, trend.unit, 1) : featured(value, of);
  const href = kind === "asset" ? assetHref(id) : kind === "slot" ? slotHref(id) : hrefOf([...rooms.value.values()].some((room) => room.zone === id) ? "cold" : "map");
  return (
    <a class={`panel room ${out ? "bad" : ""}`} href={href} title={exact(to)}>
      <span class="head">
        <strong class="name">{name}</strong>
        <b class="value">{told}</b>
      </span>
      <span class="note">
        {old && <strong>{say("climate.was", { time: when })}</strong>}
        {out && <strong>{say("climate.out_of_range")}</strong>}
        <span>{feature}</span>
        {!old && kind === "asset" && <span>{say(lately ? "trends.of_day" : "feature.at", { when })}</span>}
        {normal(of) && <span class="normal">{normal(of)}</span>}
      </span>
      {series.v.some((one) => one !== null) ? (
        <Chart span={{ from, to, low: least, high: most }} trend={trend} series={series} label={say("trends.chart", { name, feature, value: told })} />
      ) : (
        <span class="note">{say("trends.nothing_yet")}</span>
      )}
    </a>
  );
}

/** Of when the figure of equipment is: of the last point that is kept, whenever its device was heard; and whether that is a whole day's. */
function lastKept({ name, values, times_ms, to_ms }: TrendView): [number, boolean] {
  return [times_ms[values.findLastIndex((one) => one !== null)] ?? to_ms, byDay(name)];
}

function Chart({ span: drawn, trend, series, label }: { span: Span; trend: TrendView; series: { t: number[]; v: (number | null)[] }; label: string }) {
  const long = drawn.to - drawn.from > DAYS_MS;
  const whole = long ? 24 * HOUR_MS : HOUR_MS;
  const step = Math.ceil((drawn.to - drawn.from) / 3.5 / whole) * whole;
  const times: number[] = [];
  const rising = ticks(drawn.low, drawn.high);
  const { unit, share } = trend.kind === "asset" ? counted(trend.name, trend.unit) : { unit: trend.kind === "zone" ? trend.unit : "", share: false };
  /** As the figure above is told; a unit that all have alike stands at the uppermost alone. */
  const marked = (one: number, top: boolean): string => (share ? percent(one, drawn.high - drawn.low < 0.02 ? 1 : 0) : quantity(one, top || LASTING.has(unit) ? unit : ""));
  for (let at = Math.ceil(drawn.from / step) * step; at <= drawn.to; at += step) times.push(at);
  return (
    <span class="trend">
      <Spark series={series} span={drawn} low={trend.low} high={trend.high} label={label} />
      {rising.map((one) => (
        <Label key={one} class="y" style={{ top: `${down(one, drawn)}%` }} text={marked(one, one === rising.at(-1))} />
      ))}
      {times.map((at) => (
        <Label key={at} class="x" style={{ left: `${across(at, drawn)}%` }} text={long ? shortDay(at) : minute(at)} />
      ))}
    </span>
  );
}

const Label = ({ class: where, style, text }: { class: string; style: Record<string, string>; text: string }) => (
  <span class={`tick ${where}`} style={style} aria-hidden="true">
    {text}
  </span>
);
