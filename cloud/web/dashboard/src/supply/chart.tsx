// A chart of what was measured and what is foretold: a stepped line, apart from it a broken one with its band, and what
// people decide by: the reorder point, the level ordered up to, the lead time, when it is out. All share one cursor.
import { type Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../style/chart.css";
import type { Drawn } from "../core/course";
import { dark } from "../theme";
import { zoom } from "../ui/panel";
import { language, minute, number, shortDay, timezone } from "../words/words";

export interface Level {
  value: number;
  words: string;
}
export interface Signs {
  now: number;
  /** Until when an order placed now would come. */
  lead?: { to: number; words: string };
  levels?: Level[];
  /** When it is out: expected, and between which moments. Words of it. */
  out?: { at: number; from: number; to: number; words: string };
  /** When something comes. */
  arrivals?: number[];
}

interface Chart {
  drawn: Drawn;
  from: number;
  to: number;
  signs: Signs;
  /** A day's sum stands as a bar, a stock as a stepped line. */
  bars?: boolean;
  label: string;
  /** The time under the cursor, in seconds. */
  cursor: Signal<number | null>;
}

const SYNC = "course";
const LABEL_HALF_PX = 25;
const DAYS_MS = 36 * 3_600_000;

export function CourseChart({ drawn, from, to, signs, bars, label, cursor }: Chart) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef({ from, to, signs });
  shown.current = { from, to, signs };

  useLayoutEffect(() => {
    const home = box.current!;
    const colour = (name: string) => getComputedStyle(home).getPropertyValue(name).trim();
    const larger = zoom();
    const axis = { stroke: colour("--muted"), font: `${Math.round(11 * larger)}px Inter, system-ui, sans-serif`, ticks: { show: false }, grid: { stroke: colour("--grid"), width: 1 } };
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    const paths = bars ? uPlot.paths.bars!({ size: [0.7, 40], align: 0 }) : uPlot.paths.stepped!({ align: 1 });
    const line = colour("--line");
    const plot = new uPlot(
      {
        width: Math.max(60, home.clientWidth),
        height: Math.max(60, home.clientHeight),
        legend: { show: false },
        padding: [8, LABEL_HALF_PX * larger, 0, 0],
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timezone.value),
        cursor: { sync: { key: SYNC }, y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: {
          x: { time: true, range: () => [shown.current.from / 1000, shown.current.to / 1000] },
          y: { range: (u) => [0, highest(u, shown.current.from / 1000, shown.current.to / 1000, shown.current.signs) * 1.16] },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 22 * larger, space: 60 * larger, values: (_, splits) => splits.map((one) => (shown.current.to - shown.current.from > DAYS_MS ? shortDay(one * 1000) : minute(one * 1000))) },
          { ...axis, size: 44 * larger, space: 30 * larger, values: (_, splits) => splits.map((one) => number(one, 1)) },
        ],
        series: [
          {},
          edge,
          edge,
          edge,
          edge,
          { stroke: line, fill: bars ? colour("--cell-fill") : undefined, width: bars ? 0 : 1.6 * larger, paths, points: { show: false }, spanGaps: false },
          { stroke: line, width: 1.6 * larger, dash: [6 * larger, 4 * larger], points: { show: false } },
          { stroke: colour("--muted"), width: 1.4 * larger, dash: [2 * larger, 3 * larger], points: { show: false } },
        ],
        bands: [
          { series: [1, 2], fill: colour("--band") },
          { series: [3, 4], fill: colour("--cell") },
        ],
        hooks: {
          drawClear: [(u) => shade(u, shown.current.signs, colour)],
          draw: [(u) => marks(u, shown.current.signs, colour, larger)],
          setCursor: [(u) => (cursor.value = u.cursor.left === undefined || u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, "x"))],
        },
      },
      [[], [], [], [], [], [], [], []],
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
  }, [dark.value, language.value, timezone.value, bars]);

  useLayoutEffect(() => {
    const { t, measured, expected, low95, low80, high80, high95, ordered } = drawn;
    chart.current?.setData([t, high95, low95, high80, low80, measured, expected, ordered]); // what is drawn later lies above
  }, [drawn, from, to, dark.value, language.value, timezone.value]);

  return <div class="trend course" ref={box} role="img" aria-label={label} />;
}

/** The greatest value within what is shown, and the levels that are not too far off. */
function highest(u: uPlot, from: number, to: number, { levels = [] }: Signs): number {
  let most = 1;
  const times = u.data[0];
  for (const column of u.data.slice(1)) column.forEach((value, i) => value != null && times[i]! >= from && times[i]! <= to && (most = Math.max(most, value as number)));
  for (const { value } of levels) if (value < most * 2.5) most = Math.max(most, value);
  return most;
}

function shade(u: uPlot, { lead, now }: Signs, colour: (name: string) => string): void {
  if (!lead) return;
  const [left, right] = [u.valToPos(now / 1000, "x", true), u.valToPos(lead.to / 1000, "x", true)];
  u.ctx.fillStyle = colour("--room");
  u.ctx.fillRect(left, u.bbox.top, Math.max(0, Math.min(right, u.bbox.left + u.bbox.width) - left), u.bbox.height);
}

function marks(u: uPlot, { now, lead, levels = [], out, arrivals = [] }: Signs, colour: (name: string) => string, larger: number): void {
  const { ctx: pen, bbox } = u;
  const scale = devicePixelRatio * larger;
  const x = (ms: number) => u.valToPos(ms / 1000, "x", true);
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  pen.font = `${Math.round(11 * scale)}px Inter, "Noto Sans CJK SC", system-ui, sans-serif`;
  pen.lineWidth = scale;
  pen.textAlign = "left";
  pen.strokeStyle = pen.fillStyle = colour("--muted");
  const straight = (points: [number, number][], dash: number[]) => {
    pen.setLineDash(dash.map((one) => one * scale));
    pen.beginPath();
    points.forEach(([px, py], i) => (i ? pen.lineTo(px, py) : pen.moveTo(px, py)));
    pen.stroke();
  };
  straight([[x(now), bbox.top], [x(now), bbox.top + bbox.height]], []);
  for (const at of arrivals) straight([[x(at), bbox.top + bbox.height - 10 * scale], [x(at), bbox.top + bbox.height]], []);
  pen.textBaseline = "bottom";
  let written = 0;
  for (const { value, words } of levels) {
    const y = u.valToPos(value, "y", true);
    if (y < bbox.top) continue;
    straight([[bbox.left, y], [bbox.left + bbox.width, y]], [5, 4]);
    const above = written++ > 0; // the lower one is told below its line, so that they are apart however near they are
    pen.textBaseline = above ? "bottom" : "top";
    const [left, top, tall] = [bbox.left + 6 * scale, y + (above ? -2 : 3) * scale, 13 * scale];
    pen.fillStyle = colour("--card");
    pen.fillRect(left - 2 * scale, above ? top - tall : top, pen.measureText(words).width + 4 * scale, tall);
    pen.fillStyle = colour("--text");
    pen.fillText(words, left, top);
  }
  pen.fillStyle = pen.strokeStyle = colour("--muted");
  pen.textBaseline = "top";
  if (lead) straight([[x(lead.to), bbox.top], [x(lead.to), bbox.top + bbox.height]], [1, 4]);
  if (lead && x(lead.to) - x(now) > pen.measureText(lead.words).width + 8 * scale) pen.fillText(lead.words, x(now) + 4 * scale, bbox.top + 3 * scale);
  if (out) {
    const [px, py, r] = [x(out.at), bbox.top + bbox.height, 6 * scale];
    pen.strokeStyle = pen.fillStyle = colour("--bad");
    pen.lineWidth = 2 * scale;
    straight([[Math.max(x(out.from), bbox.left), py - scale], [Math.min(x(out.to), bbox.left + bbox.width), py - scale]], []);
    pen.beginPath();
    pen.moveTo(px, py);
    pen.lineTo(px - r, py - 1.7 * r);
    pen.lineTo(px + r, py - 1.7 * r);
    pen.closePath();
    pen.fill();
    pen.textBaseline = "bottom";
    const wide = pen.measureText(out.words).width;
    const left = Math.min(Math.max(px - wide / 2, x(now) + 6 * scale), bbox.left + bbox.width - wide - 4 * scale);
    pen.fillStyle = colour("--card");
    pen.fillRect(left - 2 * scale, py - 2 * r - 13 * scale, wide + 4 * scale, 13 * scale);
    pen.fillStyle = colour("--bad");
    pen.fillText(out.words, left, py - 2 * r);
  }
  pen.restore();
}
