// A trend with its allowed band shaded and its gaps left open. uPlot lives here.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { span, type Series, withGaps } from "../core/series";
import { dark } from "../theme";
import { zoom } from "./panel";
import { language, minute, number, timezone } from "../words/words";

interface Drawing {
  series: Series;
  from: number;
  to: number;
  low?: number | null;
  high?: number | null;
  label: string;
}

/** Room to the right of the plot: a time below its very end is as long to the right as to the left. */
const LABEL_HALF_PX = 18;

export function Trend({ series, from, to, low = null, high = null, label }: Drawing) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef({ low, high, from, to });
  shown.current = { low, high, from, to };

  useEffect(() => {
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
          y: { range: (u) => span(u.data[1] as (number | null)[], [shown.current.low, shown.current.high]) },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 22 * larger, space: 56 * larger, values: (_, splits) => splits.map((one) => minute(one * 1000)) },
          { ...axis, size: 38 * larger, space: 26 * larger, values: (_, splits) => splits.map((one) => number(one, 1)) },
        ],
        series: [{}, { stroke: colour("--line"), width: 1.5 * larger, points: { show: false }, spanGaps: false }],
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
        },
      },
      [[], []],
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
  }, [dark.value, language.value, timezone.value]);

  useEffect(() => {
    const { t, v } = withGaps(series);
    chart.current?.setData([t.map((ms) => ms / 1000), v]);
  }, [series, from, to, low, high, dark.value, language.value, timezone.value]);

  return <div class="trend" ref={box} role="img" aria-label={label} />;
}
