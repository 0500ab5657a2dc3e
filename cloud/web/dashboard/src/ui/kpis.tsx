// The tiles: one figure each, and where to look further.
import { hrefOf, type Page } from "../route";
import { kpi } from "../state";
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
                {name === "picks_last_hour" && <span class="unit">{say("kpi.hour_before", { n: number(figures.picks_hour_before) })}</span>}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
