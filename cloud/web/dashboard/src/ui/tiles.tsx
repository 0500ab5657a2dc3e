// The tiles: one figure each, how it changed, what is usual of it, its course, and where to look further.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api";
import { many, manySince } from "../core/known";
import { span, withGaps } from "../core/series";
import { hrefOf, type Page } from "../route";
import { gatewaysInOrder, heldAt, kpi, now, slots, tally } from "../state";
import type { Kpi } from "../types";
import type { TilesView } from "../types_front";
import { asOf, exact, type Key, minute, number, say } from "../words/words";
import { HOUR_MS } from "./history";
import { Spark } from "./spark";

interface Tile {
  key: Key;
  name: keyof Kpi;
  page: Page;
  unit?: string;
  tone?: (value: number) => string;
  /** It is of what is told of shelves: where that is not known now, it is as of then. */
  ofShelves?: boolean;
}

/** With fewer slots known, in %, something is wrong; with even fewer the other figures say little. */
const MOST_KNOWN = 90;
const FEW_KNOWN = 50;

const TILES: Tile[] = [
  { key: "kpi.alerts", name: "open_alerts", page: "alerts" },
  { key: "kpi.stock_outs", name: "stock_outs", page: "stock", ofShelves: true, tone: (n) => (n > 0 ? "bad" : "") },
  { key: "kpi.below_reorder", name: "below_reorder", page: "replenishment", ofShelves: true, tone: (n) => (n > 0 ? "warn" : "") },
  { key: "kpi.silent", name: "silent_devices", page: "devices", tone: (n) => (n > 0 ? "warn" : "") },
  { key: "kpi.known", name: "known_pct", page: "stock", unit: "%", tone: (n) => (n < FEW_KNOWN ? "bad" : n < MOST_KNOWN ? "warn" : "") },
  { key: "kpi.fill", name: "fill_pct", page: "map", unit: "%", ofShelves: true },
  { key: "kpi.picks", name: "picks_last_hour", page: "map", ofShelves: true },
];

const AGAIN_MS = 180_000;
const courses = signal<TilesView | null>(null);
/** They are nice to have: without an answer the figures stand alone, and are asked for again. */
const load = () => void (document.visibilityState === "visible" || !courses.value ? ask<TilesView>("api/v1/tiles").then((told) => (courses.value = told), () => undefined) : undefined);

export function Tiles() {
  useEffect(() => {
    load();
    const timer = setInterval(load, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  const figures = kpi.value;
  if (!figures) return null;
  return (
    <ul class="kpis">
      {TILES.map((tile) => (
        <li key={tile.key}>
          <One tile={tile} value={figures[tile.name]} />
        </li>
      ))}
    </ul>
  );
}

/** As of when the figures of shelves are: where a gateway is away, or many slots are not heard of, whatever the reason; "" while it is now. */
const shelvesAsOf = computed(() => {
  const all = gatewaysInOrder.value;
  const away = all.filter((one) => !one.connected && one.last_seen_ms > 0);
  const { silent } = tally.value;
  const size = slots.value.size;
  const lost = many(silent, size) ? [...slots.value.values()].filter(({ status }) => status === "silent").map(heldAt) : [];
  const since = manySince(lost, size) || Math.min(...away.map((one) => one.last_seen_ms));
  if (since === Infinity) return "";
  return say(silent === size || away.length === all.length ? "climate.was" : "kpi.part_was", { time: asOf(since, now.peek()) });
});

function One({ tile: { key, name, page, unit, tone, ofShelves }, value }: { tile: Tile; value: number }) {
  const digits = unit ? 1 : 0;
  const was = ofShelves ? shelvesAsOf.value : "";
  const told = (one: number, sign: "auto" | "exceptZero" = "auto") => number(one, unit && Math.abs(one) < 99.95 ? 1 : 0, { minimumFractionDigits: unit && Math.abs(one) < 99.95 ? digits : 0, signDisplay: sign });
  const course = courses.value?.tiles.find((one) => one.name === name);
  const before = course && valueAt(courses.value!, course.values, now.value - HOUR_MS);
  const change = before === null || before === undefined ? null : value - before;
  const first = course ? course.values.findIndex((one) => one !== null) : -1;
  const usual = course && course.low !== null && course.high !== null && (course.low === course.high ? say("kpi.usual_one", { value: told(course.low) }) : say("kpi.usual", { low: told(course.low), high: told(course.high) }));
  return (
    <a class={`tile ${tone?.(value) ?? ""}`} href={hrefOf(page)} title={exact(now.value)}>
      <span class="label">{say(key)}</span>
      <span class="value">
        <b>{told(value)}</b>
        {unit && <span class="unit">{unit}</span>}
      </span>
      <span class="course">{course && <Course view={courses.value!} values={course.values} now={value} low={course.low} high={course.high} label={say("kpi.course", { name: say(key) })} />}</span>
      <span class="note">
        {was && <strong>{was}</strong>}
        {!was && change === null && first >= 0 && <span>{say("kpi.since", { time: minute(courses.value!.from_ms + first * courses.value!.step_ms) })}</span>}
        {!was && change !== null && <span>{Math.abs(change) < 0.05 ? say("kpi.steady") : say("kpi.change", { change: told(change, "exceptZero") })}</span>}
        {!was && usual && <span>{usual}</span>}
      </span>
    </a>
  );
}

interface Shown {
  view: TilesView;
  values: (number | null)[];
  now: number;
  low: number | null;
  high: number | null;
  label: string;
}

function Course({ view: { from_ms, step_ms }, values, now: value, low, high, label }: Shown) {
  const t = values.map((_, n) => from_ms + n * step_ms);
  const series = withGaps({ t: [...t, t.at(-1)! + step_ms], v: [...values, value] });
  const [least, most] = span(series.v, [low, high]);
  const known = values.findIndex((one) => one !== null); // of a service that began just now there is no more to draw
  return <Spark series={series} span={{ from: from_ms + Math.max(0, known) * step_ms, to: from_ms + values.length * step_ms, low: least, high: most }} low={low} high={high} label={label} />;
}

/** The figure as it was then; null where nobody knows. */
function valueAt({ from_ms, step_ms }: TilesView, values: (number | null)[], at: number): number | null {
  return values[Math.floor((at - from_ms) / step_ms)] ?? null;
}
