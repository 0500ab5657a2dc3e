// The tiles: one figure each, its course since the page was opened, and where to look further.
import { hrefOf, type Page } from "../route";
import { kpi, trail } from "../state";
import type { Kpi } from "../types";
import { type Key, number, say } from "../words/words";

interface Tile {
  key: Key;
  name: keyof Kpi;
  page: Page;
  unit?: string;
  tone?: (value: number) => string;
}

const TILES: Tile[] = [
  { key: "kpi.alerts", name: "open_alerts", page: "alerts" },
  { key: "kpi.stock_outs", name: "stock_outs", page: "stock", tone: (n) => (n > 0 ? "bad" : "") },
  { key: "kpi.below_reorder", name: "below_reorder", page: "replenishment", tone: (n) => (n > 0 ? "warn" : "") },
  { key: "kpi.silent", name: "silent_devices", page: "devices" },
  { key: "kpi.known", name: "known_pct", page: "stock", unit: "%" },
  { key: "kpi.fill", name: "fill_pct", page: "stock", unit: "%" },
  { key: "kpi.picks", name: "picks_last_hour", page: "stock" },
];

export function Kpis() {
  const figures = kpi.value;
  if (!figures) return null;
  return (
    <ul class="kpis">
      {TILES.map(({ key, name, page, unit, tone }) => {
        const value = figures[name];
        const digits = unit && value < 99.95 ? 1 : 0;
        return (
          <li key={key}>
            <a class={`tile ${tone?.(value) ?? ""}`} href={hrefOf(page)}>
              <span class="label">{say(key)}</span>
              <span class="value">
                <b>{number(value, digits, { minimumFractionDigits: digits })}</b>
                {unit && <span class="unit">{unit}</span>}
                <Change points={trail.value.map((one) => one.kpi[name])} digits={digits} />
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

function Change({ points, digits }: { points: number[]; digits: number }) {
  if (points.length < 3) return null;
  const [low, high] = [Math.min(...points), Math.max(...points)];
  if (low === high) return null;
  const change = points.at(-1)! - points[0]!;
  const y = (value: number) => 22 - (20 * (value - low)) / (high - low);
  return (
    <>
      {Math.abs(change) * 10 ** digits >= 0.5 && (
        <span class="change" title={say("kpi.since")}>
          {number(change, digits, { signDisplay: "exceptZero" })}
        </span>
      )}
      <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points.map((value, i) => `${(100 * i) / (points.length - 1)},${y(value).toFixed(1)}`).join(" ")} />
      </svg>
    </>
  );
}
