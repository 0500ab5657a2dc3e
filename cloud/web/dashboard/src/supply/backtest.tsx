// How the policy would have done in one's own past: what each service level would have cost and given, beside rules of
// thumb. A point is read by pointing at it, or by the arrow keys; all of them stand in the table below.
import { useSignal } from "@preact/signals";
import { replenishHref } from "../route";
import { site } from "../state";
import type { BackTest, PastPolicy } from "../types_supply";
import { day, figure, money, number, percent, say, word } from "../words/words";
import { useAsked } from "../trade/asked";
import { backtest } from "./api";
import { SkuChoice } from "./sku_choice";

const [WIDE, TALL, LEFT, RIGHT, TOP, BOTTOM] = [560, 260, 56, 20, 14, 40];
/** Fewer days are an example, not a proof. */
const FEW_DAYS = 28;
const coins = (value: number) => money(value, site.value?.currency || "EUR");
export const costOf = (one: PastPolicy): number => one.holding + one.ordering;

export function BackTested({ sku, choosing }: { sku: string; choosing?: boolean }) {
  const [told] = useAsked(sku, () => backtest(sku));
  const { value, failed } = told.value;
  return (
    <div class="inside backtest-inside">
      {choosing && <SkuChoice sku={sku} href={(id) => replenishHref("backtest", id ? `sku=${encodeURIComponent(id)}` : "")} />}
      <p class="note">{say("backtest.means")}</p>
      {!value ? (
        <p class="note" role="status">{say(failed ? "later.failed" : "backtest.working")}</p>
      ) : value.points.length === 0 ? (
        <p class="calm">{word("backtest.why", value.reason, { days: number(value.days) })}</p>
      ) : (
        <Drawn test={value} />
      )}
    </div>
  );
}

function Drawn({ test }: { test: BackTest }) {
  const read = useSignal(0);
  const all = [...test.points, ...test.rivals];
  const least = Math.max(0, Math.min(...all.map((one) => one.fill)) - 0.02);
  const most = Math.max(...all.map(costOf), 1) * 1.06;
  const x = (one: PastPolicy) => LEFT + (costOf(one) / most) * (WIDE - LEFT - RIGHT);
  const y = (fill: number) => TALL - BOTTOM - ((fill - least) / Math.max(1e-9, 1 - least)) * (TALL - TOP - BOTTOM);
  const shown = all[Math.min(read.value, all.length - 1)]!;
  const nearest = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [px, py] = [((event.clientX - box.left) / box.width) * WIDE, ((event.clientY - box.top) / box.height) * TALL];
    const off = (one: PastPolicy) => Math.hypot(x(one) - px, y(one.fill) - py);
    read.value = all.reduce((best, one, at) => (off(one) < off(all[best]!) ? at : best), 0);
  };
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    read.value = Math.max(0, Math.min(all.length - 1, read.value + step));
  };
  const said = `${nameOf(shown)}: ${say("backtest.point", { fill: percent(shown.fill, 1), cost: coins(costOf(shown)), value: coins(shown.stock_value) })}`;
  const grid = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1].filter((one) => one >= least);
  return (
    <>
      <p class={test.days < FEW_DAYS ? "advice" : "note"}>
        {say("backtest.judged", { days: number(test.days), from: day(test.from_ms), n: number(test.skus) })}
        {test.left > 0 && ` ${say("what_if.left", { n: number(test.left) })}`}
        {test.days < FEW_DAYS && ` ${say("backtest.few")}`}
      </p>
      <div class="efficient">
        <svg viewBox={`0 0 ${WIDE} ${TALL}`} tabindex={0} role="slider" aria-label={say("backtest.title")} aria-orientation="horizontal" aria-valuemin={0} aria-valuemax={all.length - 1} aria-valuenow={read.value} aria-valuetext={said} onPointerMove={nearest} onPointerDown={nearest} onKeyDown={walk}>
          {grid.map((fill) => (
            <g key={fill}>
              <path class="grid" d={`M${LEFT} ${y(fill)}H${WIDE - RIGHT}`} />
              <text x={LEFT - 6} y={y(fill) + 4} text-anchor="end">{percent(fill)}</text>
            </g>
          ))}
          {[0, 0.5, 1].map((share) => (
            <text key={share} x={LEFT + share * (WIDE - LEFT - RIGHT)} y={TALL - BOTTOM + 16} text-anchor={share === 0 ? "start" : share === 1 ? "end" : "middle"}>
              {number(share * most, 0, { style: "currency", currency: site.value?.currency || "EUR", currencyDisplay: "narrowSymbol" })}
            </text>
          ))}
          <text class="axis" x={WIDE - RIGHT} y={TALL - 4} text-anchor="end">{say("backtest.x")}</text>
          <path class="line" d={test.points.map((one, n) => `${n ? "L" : "M"}${x(one).toFixed(1)} ${y(one.fill).toFixed(1)}`).join("")} />
          {test.points.map((one) => (
            <circle key={one.level} class="dot" cx={x(one)} cy={y(one.fill)} r="3" />
          ))}
          {test.rivals.map((one) =>
            one.policy === "in_force" ? <circle key={one.policy} class="proposed" cx={x(one)} cy={y(one.fill)} r="6" /> : one.policy === "min_max" ? <path key={one.policy} class="rival" d={`M${x(one)} ${y(one.fill) - 7}l7 7-7 7-7-7z`} /> : <path key={one.policy} class="rival" d={`M${x(one) - 6} ${y(one.fill) + 5}h12l-6-11z`} />,
          )}
          <circle class="read" cx={x(shown)} cy={y(shown.fill)} r="9" />
        </svg>
        <p class="reading" aria-hidden="true">{said}</p>
        <ul class="legend">
          {test.rivals.map((one) => (
            <li key={one.policy}>
              <svg class="key" viewBox="0 0 16 16" aria-hidden="true">{one.policy === "in_force" ? <circle class="proposed" cx="8" cy="8" r="5" /> : one.policy === "min_max" ? <path class="rival" d="M8 2l6 6-6 6-6-6z" /> : <path class="rival" d="M2 13h12L8 3z" />}</svg>
              {nameOf(one)}
            </li>
          ))}
        </ul>
      </div>
      <div class="scrolling" tabIndex={0} role="group" aria-label={say("backtest.table")}>
        <table class="small">
          <caption>{say("backtest.table")}</caption>
          <thead>
            <tr>
              <th scope="col">{say("backtest.policy")}</th>
              <th scope="col" class="n">{say("card.fill")}</th>
              <th scope="col" class="n">{say("backtest.holding")}</th>
              <th scope="col" class="n">{say("backtest.ordering")}</th>
              <th scope="col" class="n">{say("card.orders")}</th>
              <th scope="col" class="n">{say("backtest.out_days")}</th>
              <th scope="col" class="n">{say("what_if.stock_value")}</th>
            </tr>
          </thead>
          <tbody>
            {all.map((one, at) => (
              <tr key={at} class={at === read.value ? "chosen" : ""}>
                <th scope="row">{nameOf(one)}</th>
                <td class="n">{percent(one.fill, 1)}</td>
                <td class="n">{coins(one.holding)}</td>
                <td class="n">{coins(one.ordering)}</td>
                <td class="n">{figure(one.orders)}</td>
                <td class="n">{number(one.stockout_days)}</td>
                <td class="n">{coins(one.stock_value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function nameOf(one: PastPolicy): string {
  return one.level === null ? word("past", one.policy) : say("backtest.level", { level: percent(one.level, 1) });
}
