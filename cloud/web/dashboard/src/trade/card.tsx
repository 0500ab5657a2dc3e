// The why card of a need: what is there, what is expected, which policy, what it promises, and what was rejected.
import { skuHref } from "../route";
import { site, skus } from "../state";
import type { NeedView } from "../types";
import { figure, known, moment, money, number, percent, quantity, say, word } from "../words/words";
import { Since } from "../ui/panel";
import { Held, heldUntil, Helped, Limits } from "./ahead";
import { decidedAt, type Plan, planOf } from "./plan";
import { OrderNeed } from "./order_need";
import { PositionLine } from "./position";

const coins = (value: number) => money(value, site.value?.currency || "EUR");
const spread = (value: string, sd: number) => (sd > 0 ? say("why.plus_minus", { value, sd: figure(sd) }) : value);

/** `act`: with the button, where the row above has none. */
export function Card({ need, act }: { need: NeedView; act: boolean }) {
  const plan = planOf(need);
  if (!plan) return null;
  return (
    <div class="why card">
      {act && <OrderNeed need={need} />}
      <p>{sentence(plan, need.quantity)}</p>
      <Decided need={need} plan={plan} />
      <PositionLine at={{ ...plan.position, available: plan.available, projected: plan.projected }} point={plan.reorder_point} />
      {typeof need.why.gateway_position === "number" && (
        <p class="note">{say("card.gateway", { position: number(need.why.gateway_position), point: number(Number(need.why.gateway_reorder_point)), quantity: number(Number(need.why.gateway_quantity)) })}</p>
      )}
      <Held until_ms={heldUntil(skus.value.get(need.sku), need)} />
      <Reasons plan={plan} units={need.quantity} />
      <p class="note">
        <a href={skuHref(need.sku)}>{need.sku}</a> · {say("needs.proposed")} <Since at={need.created_ms} />
        {plan.revised > 0 && ` · ${(plan.revised === 1 ? say("card.revised_once") : say("card.revised", { n: number(plan.revised) }))}`}
      </p>
    </div>
  );
}

/** When it was decided, and what is there now where that is something else. */
function Decided({ need, plan }: { need: NeedView; plan: Plan }) {
  const sku = skus.value.get(need.sku);
  const coming = plan.position.on_order + plan.position.in_transit;
  const other = sku && (sku.available !== plan.available || sku.on_order + sku.in_transit !== coming);
  return (
    <p class="note">
      {say("card.decided", { time: moment(decidedAt(need)) })} {other && say("card.by_now", { available: number(sku.available), coming: number(sku.on_order + sku.in_transit) })}
    </p>
  );
}

/** The plan of an article as it is now, where nothing has to be ordered of it too. */
export function Planned({ plan }: { plan: Plan }) {
  return (
    <div class="why card">
      <p>{plan.verdict === "order" || plan.verdict === "owed" || plan.reorder_point === null ? sentence(plan, plan.order) : say("card.enough", { projected: number(plan.projected), point: number(plan.reorder_point) })}</p>
      <Reasons plan={plan} units={plan.order} />
    </div>
  );
}

/** What it rests on. */
function Reasons({ plan, units }: { plan: Plan; units: number }) {
  const { ahead, promise, terms } = plan;
  const level = terms?.service_level ? percent(terms.service_level, 1) : "–";
  return (
    <>
      <Limits limits={plan.limits} />
      <Helped rescue={plan.rescue} />
      <div class="halves">
        {ahead && (
          <section>
            <h3>{say("card.ahead")}</h3>
            <dl>
              <Row name={say("why.daily_demand")}>{spread(figure(ahead.daily), ahead.daily_sd)}</Row>
              <Row name={say("why.lead_time_days")}>{spread(quantity(ahead.lead_time_days, "d"), ahead.lead_time_sd_days)}</Row>
              <Row name={say("why.lead_time_demand")}>{spread(figure(ahead.lead_time_demand), ahead.lead_time_demand_sd)}</Row>
              <Row name={say("card.nine_of_ten")}>{`${number(ahead.low)} – ${number(ahead.high)}`}</Row>
            </dl>
            <RangeBar low={ahead.low} mean={ahead.lead_time_demand} high={ahead.high} point={plan.reorder_point} />
            <p class="note">{say("card.learnt", { days: number(ahead.days), kind: word("demand", ahead.kind), method: word("method", ahead.method) })}</p>
          </section>
        )}
        <section>
          <h3>{say("card.policy")}</h3>
          <dl>
            {plan.reorder_point !== null && <Row name={say("why.reorder_point")} sum>{number(plan.reorder_point)}</Row>}
            {plan.order_up_to !== null && <Row name={say("card.order_up_to")}>{number(plan.order_up_to)}</Row>}
            {plan.safety_stock !== null && <Row name={say("why.safety_stock")}>{figure(plan.safety_stock)}</Row>}
            <Row name={say("why.quantity")} sum>{number(units)}</Row>
            {plan.abc + plan.xyz && <Row name={say("card.class")}>{plan.abc + plan.xyz}</Row>}
            {plan.risk !== null && <Row name={say("card.risk")}>{percent(plan.risk, plan.risk < 0.1 ? 1 : 0)}</Row>}
          </dl>
        </section>
        {promise && (
          <section>
            <h3>{say("card.promise")}</h3>
            <dl>
              <Row name={say("card.fill")} sum>{percent(promise.fill, 1)}</Row>
              <Row name={say("card.cost")} sum>{coins(promise.cost)}</Row>
              <Row name={say("card.stock")}>{`${figure(promise.stock)} · ${coins(promise.stock_value)}`}</Row>
              <Row name={say("card.orders")}>{figure(promise.orders)}</Row>
              <Row name={say("card.ready")}>{percent(promise.ready, 1)}</Row>
            </dl>
          </section>
        )}
        {terms && (
          <section>
            <h3>{say("card.terms")}</h3>
            <dl>
              {terms.service_level !== null && <Row name={say("why.service_level")}>{level}</Row>}
              {terms.backorder_cost !== null && <Row name={say("card.backorder_cost")}>{coins(terms.backorder_cost)}</Row>}
              {plan.supply?.supplier && <Row name={say("card.supplier")}>{plan.supply.supplier}</Row>}
              {plan.supply?.supplier && <Row name={say("card.lead_lines")}>{plan.supply.lead_lines ? number(plan.supply.lead_lines) : say("card.quoted")}</Row>}
              {(plan.supply?.price_from ?? 0) > 0 && <Row name={say("card.price_from")}>{`${number(plan.supply!.price_from)} · ${coins(plan.supply!.price)}`}</Row>}
              <Row name={say("card.unit_cost")}>{coins(terms.unit_cost)}</Row>
              <Row name={say("why.order_cost")}>{coins(terms.order_cost)}</Row>
              <Row name={say("card.holding_rate")}>{percent(terms.holding_rate, 1)}</Row>
              <Row name={say("card.lots")}>{`${number(terms.moq)} · ${number(terms.pack)}`}</Row>
              {terms.capacity !== null && <Row name={say("why.capacity")}>{number(terms.capacity)}</Row>}
              {terms.shelf_life_days !== null && <Row name={say("card.shelf_life")}>{quantity(terms.shelf_life_days, "d")}</Row>}
            </dl>
          </section>
        )}
      </div>
      {plan.formula && <p class="formula">{known("plan", plan.formula) ? word("plan", plan.formula, { service_level: level }) : plan.formula}</p>}
      <Rejected plan={plan} />
    </>
  );
}

function Row({ name, sum, children }: { name: string; sum?: boolean; children: string }) {
  return (
    <div class={sum ? "sum" : ""}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function sentence(plan: Plan, units: number): string {
  const { available, projected, reorder_point: point, position } = plan;
  const coming = position.on_order + position.in_transit;
  if (plan.verdict === "owed") return say("card.owed", { units: number(-projected) });
  if (point === null) return plan.reason || say("card.no_point");
  const shown = { available: number(available - position.perishing), coming: number(coming), projected: number(projected), point: number(point), quantity: number(units) };
  return say(plan.observed ? "card.observed" : "card.time", shown);
}

/** Between what the demand of the lead time lies, and where the reorder point is in it. */
function RangeBar({ low, mean, high, point }: { low: number; mean: number; high: number; point: number | null }) {
  const whole = Math.max(high, point ?? 0, 1) * 1.08;
  const at = (value: number) => (100 * Math.max(0, value)) / whole;
  return (
    <svg class="range" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="6" width="100" height="2" />
      <rect class="band" x={at(low)} y="3" width={Math.max(0.8, at(high) - at(low))} height="8" />
      <path class="mean" d={`M${at(mean)} 3v8`} />
      {point !== null && <path class="point" d={`M${at(point)} 0v14`} />}
    </svg>
  );
}

function Rejected({ plan }: { plan: Plan }) {
  if (!plan.rejected.length || !plan.promise) return null;
  const chosen = { policy: "", reorder_point: plan.reorder_point ?? 0, order_up_to: plan.order_up_to ?? 0, cost: plan.promise.cost, fill: plan.promise.fill };
  return (
    <div class="scrolling" tabIndex={0} role="group" aria-label={say("card.rejected")}>
      <table class="small">
        <caption>{say("card.rejected")}</caption>
        <thead>
          <tr>
            <th scope="col">{say("card.alternative")}</th>
            <th scope="col" class="n">{say("why.reorder_point")}</th>
            <th scope="col" class="n">{say("card.order_up_to")}</th>
            <th scope="col" class="n">{say("card.cost")}</th>
            <th scope="col" class="n">{say("card.fill")}</th>
          </tr>
        </thead>
        <tbody>
          {[chosen, ...plan.rejected].map((one, at) => (
            <tr key={at} class={one === chosen ? "chosen" : ""}>
              <th scope="row">{one === chosen ? say("card.chosen") : word("policy", one.policy)}</th>
              <td class="n">{number(one.reorder_point)}</td>
              <td class="n">{number(one.order_up_to)}</td>
              <td class="n">{coins(one.cost)}</td>
              <td class="n">{percent(one.fill, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
