// An article's supply, in its drawer: what bounds it, who could help, where it stands, what is owed, its lots, and what more service would cost.
import { site } from "../state";
import type { SkuView } from "../types";
import { known, money, number, say, word } from "../words/words";
import { Since } from "../ui/panel";
import { Held, Helped, Limits } from "./ahead";
import { curve, reserved, standing } from "./api";
import { useAsked } from "./asked";
import { EfficientCurve } from "./curve";
import { PositionLine } from "./position";

export function Supply({ sku }: { sku: SkuView }) {
  const [told] = useAsked(`${sku.id} ${sku.on_hand} ${sku.on_order}`, () => standing(sku.id));
  const [drawn] = useAsked(sku.id, () => curve(sku.id));
  const [promised] = useAsked(`${sku.id} ${sku.reserved} ${sku.available}`, () => (sku.reserved > 0 ? reserved() : Promise.resolve([])));
  const { value, failed } = told.value;
  const without = (promised.value.value ?? []).filter((one) => one.sku === sku.id && one.covered < one.units);
  return (
    <>
      <Held until_ms={sku.held_until_ms} />
      <Helped rescue={sku.rescue} />
      <section>
        <h3>{say("position.title")}</h3>
        {sku.verdict && <p class="note">{word("planned", sku.verdict)}</p>}
        {value ? <PositionLine at={{ ...value.position, available: value.available, projected: value.projected }} point={sku.reorder_point} /> : <p class="note">{say(failed ? "later.failed" : "loading.text")}</p>}
        {value?.value ? <p class="note">{say("position.worth", { value: money(value.value, site.value?.currency || "EUR") })}</p> : null}
        {value?.debts.map((debt) => (
          <p key={`${debt.cause} ${debt.since_ms}`} class="advice">
            {say("position.debt", { units: number(debt.units), cause: causeOf(debt.cause) })} · <Since at={debt.since_ms} />
          </p>
        ))}
        {without.map(({ id, customer, units, covered }) => (
          <p key={id} class="advice">
            {say(covered > 0 ? "position.covered_part" : "position.not_covered", { id, who: customer || "–", units: number(units), covered: number(covered) })}
          </p>
        ))}
      </section>
      <Limits limits={sku.limits} />
      {value && value.lots.length > 0 && (
        <section>
          <h3>{say("position.lots")}</h3>
          <ul class="places">
            {value.lots.map((lot) => (
              <li key={lot.lot}>
                <span>{lot.lot || say("position.no_lot")}</span>
                {lot.effective_expiry && <span class="note">{expires(lot)}</span>}
                <b>{number(lot.units)}</b>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>{say("curve.title")}</h3>
        {drawn.value.value ? <EfficientCurve curve={drawn.value.value} /> : <p class="note">{say(drawn.value.failed ? "curve.failed" : "loading.text")}</p>}
      </section>
    </>
  );
}

/** Until when a lot is good, where warmth made that earlier than its label says. */
function expires({ expiry, effective_expiry: day }: { expiry: string; effective_expiry: string }): string {
  return day === expiry || !expiry ? say("position.expires", { day }) : say("position.good_until", { day, expiry });
}

/** What a debt comes from: a paper by its number, or somebody's note as it is. */
function causeOf(cause: string): string {
  const [kind = "", id] = cause.split(":");
  return id && known("ref", kind) ? word("ref", kind, { id }) : cause;
}
