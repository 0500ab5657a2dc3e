// What more service costs: the share of demand met at once against the money in stock. The policy in force and the one
// proposed are marked; pointing at the curve, or its arrow keys, read its points.
import { useSignal } from "@preact/signals";
import { site } from "../state";
import { money, number, percent, say } from "../words/words";
import type { Curve, CurvePoint } from "./types";

const [WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM] = [380, 200, 48, 14, 12, 34];

/** Points that lie on each other are one. Pure. */
export function distinct(points: CurvePoint[]): CurvePoint[] {
  return points.filter((one, at) => at === 0 || one.fill !== points[at - 1]!.fill || one.stock_value !== points[at - 1]!.stock_value);
}

/** Where a fill is drawn, 0 below to 1 on top: what is not met halves at equal steps, from the least drawn to .999. Pure. */
export function height(fill: number, least: number): number {
  const scale = (share: number) => -Math.log(1 - Math.min(0.9995, Math.max(0, share)));
  return Math.max(0, Math.min(1, (scale(fill) - scale(least)) / (scale(0.9995) - scale(least))));
}

export function EfficientCurve({ curve }: { curve: Curve }) {
  const read = useSignal<CurvePoint | null>(null);
  const points = distinct(curve.points);
  if (!points.length) return <p class="note">{curve.reason || say("curve.none")}</p>;
  const marks = ([["in_force", curve.in_force], ["proposed", curve.proposed]] as const).filter(([, one]) => one !== null) as [string, CurvePoint][];
  const all = [...points, ...marks.map(([, one]) => one)];
  const least = Math.min(0.8, ...all.map((one) => one.fill)) - 0.01;
  const most = Math.max(...all.map((one) => one.stock_value), 1) * 1.06;
  const x = (one: CurvePoint) => LEFT + (one.stock_value / most) * (WIDE - LEFT - RIGHT);
  const y = (one: { fill: number }) => TALL - BOTTOM - height(one.fill, least) * (TALL - TOP - BOTTOM);
  const currency = site.value?.currency || "EUR";
  const shown = read.value ?? curve.proposed ?? points.at(-1)!;
  const told = (one: CurvePoint) => say("curve.point", { fill: percent(one.fill, 1), value: money(one.stock_value, currency), cost: money(one.cost, currency), point: number(one.reorder_point), lot: number(one.lot) });
  const nearest = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [px, py] = [((event.clientX - box.left) / box.width) * WIDE, ((event.clientY - box.top) / box.height) * TALL];
    read.value = all.reduce((best, one) => (Math.hypot(x(one) - px, y(one) - py) < Math.hypot(x(best) - px, y(best) - py) ? one : best));
  };
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const line = [...all].sort((a, b) => a.stock_value - b.stock_value);
    read.value = line[Math.max(0, Math.min(line.length - 1, line.indexOf(shown) + step))]!;
  };
  const at = marks.find(([, one]) => one === shown)?.[0];
  const value = told(shown);
  return (
    <div class="efficient">
      <svg
        viewBox={`0 0 ${WIDE} ${TALL}`}
        tabindex={0}
        role="slider"
        aria-label={say("curve.title")}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(shown.fill * 1000) / 10}
        aria-valuetext={`${at ? `${say(`curve.${at as "in_force"}`)}: ` : ""}${value}`}
        onPointerMove={nearest}
        onPointerDown={nearest}
        onPointerLeave={() => (read.value = null)}
        onKeyDown={walk}
      >
        {[0.8, 0.9, 0.95, 0.98, 0.99, 0.999].filter((one) => one > least).map((fill) => (
          <g key={fill}>
            <path class="grid" d={`M${LEFT} ${y({ fill })}H${WIDE - RIGHT}`} />
            <text x={LEFT - 6} y={y({ fill }) + 4} text-anchor="end">{percent(fill, fill > 0.99 ? 1 : 0)}</text>
          </g>
        ))}
        {[0, 0.5, 1].map((share) => (
          <text key={share} x={LEFT + share * (WIDE - LEFT - RIGHT)} y={TALL - BOTTOM + 16} text-anchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}>
            {number(share * most, 0, { style: "currency", currency, currencyDisplay: "narrowSymbol" })}
          </text>
        ))}
        <text class="axis" x={WIDE - RIGHT} y={TALL - 3} text-anchor="end">{say("curve.x")}</text>
        <path class="line" d={points.map((one, n) => `${n ? "L" : "M"}${x(one).toFixed(1)} ${y(one).toFixed(1)}`).join("")} />
        {points.map((one) => (
          <circle key={one.level} class="dot" cx={x(one)} cy={y(one)} r="2.4" />
        ))}
        {marks.map(([name, one]) =>
          name === "proposed" ? <circle key={name} class="proposed" cx={x(one)} cy={y(one)} r="6" /> : <path key={name} class="in_force" d={`M${x(one)} ${y(one) - 7}l7 7-7 7-7-7z`} />,
        )}
        <circle class="read" cx={x(shown)} cy={y(shown)} r="9" />
      </svg>
      <p class="reading" aria-hidden="true">
        {at && <b>{say(`curve.${at as "in_force"}`)}: </b>}
        {value}
      </p>
      <ul class="legend">
        {marks.map(([name]) => (
          <li key={name}>
            <svg class="key" viewBox="0 0 16 16" aria-hidden="true">{name === "proposed" ? <circle class="proposed" cx="8" cy="8" r="5" /> : <path class="in_force" d="M8 2l6 6-6 6-6-6z" />}</svg>
            {say(`curve.${name as "in_force"}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}
