// A trend with its allowed band shaded and its gaps left open. uPlot lives here.
import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../style/chart.css";
import { span, type Series, withGaps } from "../core/series";
import { dark } from "../theme";
import { zoom } from "./panel";
import { language, minute, number, quantity, shortDay, timezone } from "../words/words";

/** A stretch of time to mark: outlined, with a sign at its top; or a bar at the bottom. `to`: where it ends, or the end of the chart. */
export interface Mark {
  from: number;
  to: number;
  sign: "square" | "triangle" | "circle" | "bar";
  colour: "--bad" | "--warn" | "--muted";
}

interface Drawing {
  series: Series;
  /** More of the same quantity, drawn thinner. */
  others?: Series[];
  marks?: Mark[];
  /** Further limits, as broken lines. */
  limits?: number[];
  from: number;
  to: number;
  low?: number | null;
  high?: number | null;
  /** Of what is drawn; it stands at the uppermost of the figures beside it. */
  unit?: string;
  label: string;
}

/** Room to the right of the plot: a time below its very end is as long to the right as to the left. */
const LABEL_HALF_PX = 25;

const DAYS_MS = 36 * 3_600_000;
const NONE: never[] = [];

export function Trend({ series, others = NONE, marks = NONE, limits = NONE, from, to, low = null, high = null, unit = "", label }: Drawing) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef({ low, high, from, to, marks, limits });
  shown.current = { low, high, from, to, marks, limits };

  useLayoutEffect(() => {
    const home = box.current!;
    const colour = (name: string) => getComputedStyle(home).getPropertyValue(name).trim();
    const larger = zoom();
    const axis = { stroke: colour("--muted"), font: `${Math.round(11 * larger)}px Inter, system-ui, sans-serif`, ticks: { show: false }, grid: { stroke: colour("--grid"), width: 1 } };
    const plot = new uPlot(
      {
        width: Math.max(60, home.clientWidth),
        height: Math.max(60, home.clientHeight),
        legend: { show: false },
        padding: [6, LABEL_HALF_PX * larger, 0, 0],
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timezone.value),
        cursor: { sync: { key: "trends" }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
        scales: {
          x: { time: true, range: () => [shown.current.from / 1000, shown.current.to / 1000] },
          y: { range: (u) => span(u.data.slice(1).flat() as (number | null)[], [shown.current.low, shown.current.high, ...near(u, shown.current)]) },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 22 * larger, space: 56 * larger, values: (_, splits) => splits.map((one) => (shown.current.to - shown.current.from > DAYS_MS ? shortDay(one * 1000) : minute(one * 1000))) },
          { ...axis, size: (unit ? 46 : 38) * larger, space: 26 * larger, values: (_, splits) => splits.map((one, at) => (unit && at === splits.length - 1 ? quantity(one, unit) : number(one, 1))) },
        ],
        series: [{}, { stroke: colour("--line"), width: 1.5 * larger, points: { show: false }, spanGaps: false }, ...others.map(() => ({ stroke: colour("--line"), width: larger, dash: [4, 3], points: { show: false }, spanGaps: false }))],
        hooks: {
          drawClear: [
            (u) => {
              const { low: bottom, high: top } = shown.current;
              if (bottom === null && top === null) return;
              const y = (value: number | null, otherwise: number) => (value === null ? otherwise : Math.max(u.bbox.top, Math.min(u.bbox.top + u.bbox.height, u.valToPos(value, "y", true))));
              const [upper, lower] = [y(top, u.bbox.top), y(bottom, u.bbox.top + u.bbox.height)];
              u.ctx.fillStyle = colour("--band");
              u.ctx.fillRect(u.bbox.left, upper, u.bbox.width, lower - upper);
            },
          ],
          draw: [(u) => overlay(u, shown.current.limits, shown.current.marks, colour, larger)],
        },
      },
      [[], [], ...others.map(() => [])],
      home,
    );
    chart.current = plot;
    const watch = new ResizeObserver(() => plot.setSize({ width: Math.max(60, home.clientWidth), height: Math.max(60, home.clientHeight) }));
    watch.observe(home);
    return () => {
      watch.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [dark.value, language.value, timezone.value, others.length]);

  useLayoutEffect(() => {
    const all = [series, ...others].map((one) => withGaps(one)).map(({ t, v }): uPlot.AlignedData => [t.map((ms) => ms / 1000), v]);
    // 2: a gap stays one where the other has samples in it
    chart.current?.setData(all.length > 1 ? uPlot.join(all, all.map(() => [2, 2])) : all[0]!);
  }, [series, ...others, others.length, from, to, low, high, dark.value, language.value, timezone.value]);

  useLayoutEffect(() => chart.current?.redraw(false), [JSON.stringify(marks), limits.join()]);

  return <div class="trend" ref={box} role="img" aria-label={label} />;
}

/** The further limits that are worth their room: one far off would flatten the curve. */
function near(u: uPlot, { low, high, limits }: { low: number | null; high: number | null; limits: number[] }): number[] {
  const [least, most] = span(u.data.slice(1).flat() as (number | null)[], [low, high]);
  return limits.filter((one) => one > least - (most - least) && one < most + (most - least));
}

/** Limits as broken lines; stretches outlined, each with its sign: so they are told apart without colour too. */
function overlay(u: uPlot, limits: number[], marks: Mark[], colour: (name: string) => string, larger: number): void {
  const { ctx: pen, bbox } = u;
  const scale = devicePixelRatio * larger;
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  pen.lineWidth = scale;
  pen.setLineDash([5 * scale, 4 * scale]);
  pen.strokeStyle = colour("--muted");
  for (const limit of limits) {
    const y = u.valToPos(limit, "y", true);
    pen.beginPath();
    pen.moveTo(bbox.left, y);
    pen.lineTo(bbox.left + bbox.width, y);
    pen.stroke();
  }
  for (const mark of marks) {
    const left = Math.max(bbox.left - 2 * scale, u.valToPos(mark.from / 1000, "x", true));
    const right = Math.min(bbox.left + bbox.width + 2 * scale, u.valToPos(mark.to / 1000, "x", true));
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    pen.strokeStyle = pen.fillStyle = colour(mark.colour);
    if (mark.sign === "bar") {
      pen.fillRect(left, bbox.top + bbox.height - 6 * scale, Math.max(2 * scale, right - left), 6 * scale);
      continue;
    }
    pen.setLineDash(mark.sign === "circle" ? [2 * scale, 3 * scale] : []);
    pen.strokeRect(left, bbox.top, Math.max(2 * scale, right - left), bbox.height);
    pen.setLineDash([]);
    const [x, y, r] = [Math.min(Math.max((left + right) / 2, bbox.left + 6 * scale), bbox.left + bbox.width - 6 * scale), bbox.top + 7 * scale, 4.5 * scale];
    pen.beginPath();
    if (mark.sign === "square") pen.rect(x - r, y - r, 2 * r, 2 * r);
    else if (mark.sign === "triangle") (pen.moveTo(x, y - r), pen.lineTo(x + r * 1.1, y + r), pen.lineTo(x - r * 1.1, y + r), pen.closePath());
    else pen.arc(x, y, r * 0.9, 0, 2 * Math.PI);
    if (mark.sign === "circle") pen.stroke();
    else pen.fill();
  }
  pen.restore();
}
