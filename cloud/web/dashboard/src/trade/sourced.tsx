// Why an order went to its supplier: what spoke for it, and what the others asked, as it was when it was ordered.
import { site, skuName, supplierName } from "../state";
import { figure, known, money, number, say, word } from "../words/words";
import { because } from "./choice";
import type { Offer, Sourced as Told } from "./types";

const coins = (value: number) => money(value, site.value?.currency || "EUR");

export function Sourced({ sourced }: { sourced: Record<string, Told> }) {
  const all = Object.entries(sourced);
  if (!all.length) return null;
  return (
    <section class="sourced">
      <h3>{say("sourced.title")}</h3>
      {all.map(([need, one]) => (
        <One key={need} told={one} named={all.length > 1} />
      ))}
    </section>
  );
}

function One({ told, named }: { told: Told; named: boolean }) {
  const offers = told.offers ?? [];
  const better = told.rejected.find((one) => one.reason === "larger_lot");
  return (
    <>
      {named && told.sku && <h4>{skuName(told.sku)}</h4>}
      <p>{told.splits.map((one) => say("sourced.because", { units: number(one.units), name: supplierName(one.supplier), why: whyOf(told, one.why) })).join(" ")}</p>
      {offers.length > 1 ? <Offers offers={offers} /> : told.rejected.filter((one) => one !== better).map((one) => <p key={one.supplier} class="note">{against(one)}</p>)}
      {better && <p class="note">{say("sourced.larger", { units: number(better.units), saves: coins(better.saves) })}</p>}
    </>
  );
}

const whyOf = (told: Told, why: string): string => (told.by_hand ? say("sourced.by_hand") : because({ chosen: 1, why }));

/** Of an order from before offers were kept: all that is known is what it would have come to. */
function against({ supplier, cost, reason }: Told["rejected"][number]): string {
  const why = known("against", reason) ? word("against", reason) : reason;
  return cost === null ? say("sourced.other", { name: supplierName(supplier), why }) : say("sourced.other_cost", { name: supplierName(supplier), why, cost: coins(cost) });
}

function Offers({ offers }: { offers: Offer[] }) {
  return (
    <>
      <div class="scrolling" tabIndex={0} role="group" aria-label={say("sourced.offers")}>
        <table class="small">
          <thead>
            <tr>
              <th scope="col">{say("orders.supplier")}</th>
              <th scope="col" class="n">{say("sourced.paid")}</th>
              <th scope="col" class="n">{say("sourced.days")}</th>
              <th scope="col" class="n wide">{say("sourced.late")}</th>
              <th scope="col" class="n wide">{say("suppliers.score")}</th>
              <th scope="col" class="n">{say("sourced.total")}</th>
            </tr>
          </thead>
          <tbody>
            {offers.map((one) => (
              <tr key={one.supplier} class={one.chosen > 0 ? "chosen" : ""}>
                <th scope="row">
                  {one.name || one.supplier}
                  <span class="note">{say("offers.units", { units: number(one.units), price: coins(one.price) })}</span>
                  {one.chosen === 0 && one.why && <span class="note">{because(one)}</span>}
                </th>
                <td class="n">{coins(one.cost)}</td>
                <td class="n">{figure(one.due_days)}</td>
                <td class="n wide">{coins(one.late_cost)}</td>
                <td class="n wide">{one.score === null ? "–" : number(one.score)}</td>
                <td class="n">{coins(one.total)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">{`${say("sourced.when")} ${say("sourced.in_all")}`}</p>
    </>
  );
}
