// What to order, and why: each proposal carries the figures it was made from, also after the stock came.
import { hrefOf, skuHref } from "../route";
import { needsInOrder, roomy, site, skuName } from "../state";
import type { NeedView } from "../types";
import { useSignal } from "@preact/signals";
import { type Key, figure, known, money, percent, quantity, say, word } from "../words/words";
import { Later } from "./later";
import { Panel, Since, useKeptFocus } from "./panel";
import { orderSaid, unitsSaid } from "./said";

export function Needs({ limit }: { limit?: number }) {
  const list = useKeptFocus<HTMLUListElement>();
  const all = needsInOrder.value;
  const shown = limit ? all.slice(0, limit) : all;
  return (
    <Panel
      name="needs"
      scrolls={limit !== undefined && roomy.value}
      title={say("needs.title")}
      aside={all.length > 0 && say("needs.count", { n: all.length })}
      foot={shown.length < all.length && <a href={hrefOf("replenishment")}>{say("needs.see_all", { n: all.length })}</a>}
    >
      {all.length === 0 && <p class="calm">{say("needs.none")}</p>}
      <ul ref={list} class="rows">
        {shown.map((need) => (
          <Need key={need.id} need={need} full={!limit} />
        ))}
      </ul>
    </Panel>
  );
}

/** `full`: with what can be done about it in its row. */
export function Need({ need, full }: { need: NeedView; full?: boolean }) {
  const { position, reorder_point } = need.why;
  const unfolded = useSignal(false);
  const observed = need.state === "observed";
  const open = need.state === "proposed" || observed;
  const acting = full && (open || need.order !== null);
  const planned = need.card !== null;
  return (
    <li class={acting ? "orderly" : ""}>
      <details onToggle={(event) => (unfolded.value = event.currentTarget.open)}>
        <summary aria-label={`${say("needs.why")}: ${skuName(need.sku)}`}>
          <span class="what">
            <strong>{skuName(need.sku)}</strong>
            <span class="note">
              {open ? say("needs.position", { position: shownAs(position), point: shownAs(reorder_point) }) : <>{need.order === null ? word("need", need.state) : say("need.ordered", { id: need.order })} · <Since at={need.changed_ms} /></>}
              {observed && ` · ${word("need", need.state)}`}
            </span>
          </span>
          <span class="order">{need.state === "proposed" && !full ? orderSaid(need) : unitsSaid(need)}</span>
          <span class="unfold" aria-hidden="true" />
        </summary>
        {planned ? unfolded.value && <Later part="Card" need={need} act={!full} /> : <Why need={need} />}
      </details>
      {acting && <Later part="OrderNeed" need={need} />}
    </li>
  );
}

const FIGURES = ["on_hand", "on_order", "position", "daily_demand", "demand_days", "lead_time_days", "lead_time_demand", "safety_stock", "reorder_point", "service_level", "order_cost", "holding_cost_unit_year", "eoq", "moq", "pack", "capacity", "quantity"] as const;

function Why({ need }: { need: NeedView }) {
  const why = need.why;
  const service = typeof why.service_level === "number" ? percent(why.service_level, 1) : "–";
  const formula = String(why.formula ?? "");
  return (
    <div class="why">
      <p>{say("why.sum", { on_hand: shownAs(why.on_hand), on_order: shownAs(why.on_order), position: shownAs(why.position), reorder_point: shownAs(why.reorder_point) })}</p>
      <dl>
        {FIGURES.filter((name) => why[name] !== undefined && why[name] !== null).map((name) => (
          <div key={name} class={name === "quantity" || name === "reorder_point" || name === "position" ? "sum" : ""}>
            <dt>{say(`why.${name}` as Key)}</dt>
            <dd>{told(name, need)}</dd>
          </div>
        ))}
      </dl>
      {formula && <p class="formula">{known("formula", formula) ? word("formula", formula, { service_level: service }) : formula}</p>}
      <p class="note">
        <a href={skuHref(need.sku)}>{need.sku}</a> · {say("needs.proposed")} <Since at={need.created_ms} />
      </p>
    </div>
  );
}

function told(name: (typeof FIGURES)[number], need: NeedView): string {
  const value = need.why[name];
  if (typeof value !== "number") return String(value);
  const spread = name === "daily_demand" ? need.why.demand_sd : name === "lead_time_days" ? need.why.lead_time_sd_days : null;
  const plain = name === "service_level" ? percent(value, 1) : name.endsWith("_days") ? quantity(value, "d") : name.includes("cost") ? money(value, site.value?.currency || "EUR") : figure(value);
  return typeof spread === "number" && spread > 0 ? say("why.plus_minus", { value: plain, sd: figure(spread) }) : plain;
}

function shownAs(value: string | number | null | undefined): string {
  return typeof value === "number" ? figure(value) : (value ?? "–");
}
