// Stock that does not move, or far too slowly: what it is worth, and what would be best done about it.
import { Panel } from "../ui/panel";
import { skuHref } from "../route";
import { measures, site, skuName } from "../state";
import { known, money, number, say, word } from "../words/words";
import { idle } from "./api";
import { useAsked } from "./asked";
import type { IdleRow } from "./types";

const AGAIN_MS = 300_000;

export function Idle({ measure }: { measure: "dead_stock" | "slow_stock" }) {
  const [asked] = useAsked(measure, () => idle(measure), AGAIN_MS);
  const { value, failed } = asked.value;
  const figure = measures.value.get(measure);
  const none = figure && figure.value === null && known("unknown", figure.reason) ? word("unknown", figure.reason) : say(`idle.none_${measure}`);
  const rows = [...(value?.rows ?? [])].sort((a, b) => b.value - a.value);
  const days = (row: IdleRow) => (measure === "dead_stock" ? row.idle_days : row.cover_days);
  const coins = (amount: number) => money(amount, site.value?.currency || "EUR");
  return (
    <Panel name={`idle ${measure}`} title={word("measure", measure)} aside={rows.length > 0 && coins(rows.reduce((sum, row) => sum + row.value, 0))}>
      {rows.length === 0 ? (
        <p class="calm">{value ? none : say(failed ? "later.failed" : "loading.text")}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{say("stock.item")}</th>
              <th scope="col" class="n">{say("order.units")}</th>
              <th scope="col" class="n">{say("idle.value")}</th>
              <th scope="col" class="n wide">{say(`idle.days_${measure}`)}</th>
              <th scope="col">{say("idle.action")}</th>
              <th scope="col" class="n wide">{say("idle.frees")}</th>
              <th scope="col" class="n wide">{say("idle.saves")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.sku}>
                <th scope="row">
                  <a href={skuHref(row.sku)}>{skuName(row.sku)}</a>
                  <span class="note">{row.sku}</span>
                </th>
                <td class="n">{number(row.units)}</td>
                <td class="n">{coins(row.value)}</td>
                <td class="n wide">{days(row) === null ? "–" : number(days(row)!)}</td>
                <td>
                  {word("idle_action", row.act)}
                  {row.with_whom && <span class="note">{` ${row.with_whom}`}</span>}
                </td>
                <td class="n wide">{coins(row.frees)}</td>
                <td class="n wide">{coins(row.saves)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
