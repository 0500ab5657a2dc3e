// The climate of each zone with a thermometer: its temperature now, its course, and the range that is allowed.
import { now, zones } from "../state";
import type { ZoneView } from "../types";
import { number, quantity, say } from "../words/words";
import { HOUR_MS, useHistory } from "./history";
import { Since } from "./panel";
import { Trend } from "./trend";

const HOURS = 6;
/** A value is told with its age from so old on. */
const OLD_MS = 120_000;

export function Climate() {
  const rooms = [...zones.value.values()].filter((zone) => zone.series);
  if (!rooms.length) return null;
  return (
    <section class="climate" aria-label={say("climate.title")}>
      {rooms.map((zone) => (
        <Room key={zone.id} zone={zone} />
      ))}
    </section>
  );
}

function Room({ zone }: { zone: ZoneView }) {
  const { series, failed } = useHistory(zone.series, HOURS, { at: zone.at_ms, value: zone.temperature_c }).value;
  const value = zone.temperature_c === null ? "?" : quantity(zone.temperature_c, "Cel", 1);
  const out = zone.temperature_c !== null && ((zone.min_c !== null && zone.temperature_c < zone.min_c) || (zone.max_c !== null && zone.temperature_c > zone.max_c));
  const to = Math.floor(now.value / 10_000) * 10_000 + 10_000;
  return (
    <article class={`panel room ${out ? "bad" : ""}`}>
      <header>
        <h2>{zone.name || zone.id}</h2>
        <b class="value">{value}</b>
      </header>
      <p class="note">
        {out && <strong>{say("climate.out_of_range")} · </strong>}
        {allowed(zone)}
        {zone.humidity_pct !== null && ` · ${say("climate.humidity", { value: `${number(zone.humidity_pct)} %` })}`}
        {zone.at_ms > 0 && now.value - zone.at_ms > OLD_MS && <> · <Since at={zone.at_ms} /></>}
      </p>
      {series && series.t.length > 0 ? (
        <Trend series={series} from={to - HOURS * HOUR_MS} to={to} low={zone.min_c} high={zone.max_c} label={say("climate.chart", { name: zone.name || zone.id, n: HOURS, value })} />
      ) : (
        <p class="calm">{failed ? say("climate.failed") : series ? say("climate.no_history") : say("loading.text")}</p>
      )}
    </article>
  );
}

function allowed(zone: ZoneView): string {
  const degrees = (value: number) => quantity(value, "Cel");
  if (zone.min_c !== null && zone.max_c !== null) return say("climate.allowed", { low: number(zone.min_c, 1), high: degrees(zone.max_c) });
  if (zone.min_c !== null) return say("climate.min", { low: degrees(zone.min_c) });
  if (zone.max_c !== null) return say("climate.max", { high: degrees(zone.max_c) });
  return say("climate.hours", { n: HOURS });
}
