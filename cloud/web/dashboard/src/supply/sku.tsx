// One article as a page: how it stands, its past and its future, why it is ordered as it is, where it lies, what of it
// is on order and what it cost. Its address is #/stock/ID?days=42.
import { assetHref, hrefOf, mapHref, orderHref, query, replenishHref, skuPageHref, slotHref } from "../route";
import { alertsInOrder, lost, needsInOrder, orders, site, skus, slots } from "../state";
import type { NeedView, SkuView, SlotView } from "../types";
import type { SkuCourse } from "../types_supply";
import { RANGES } from "../core/course";
import { days as daysSaid, day, figure, money, number, percent, say, word } from "../words/words";
import { SeverityMark, Status, StatusMark } from "../ui/marks";
import { Canvas } from "../ui/map";
import { Panel, Since } from "../ui/panel";
import { titled } from "../ui/said";
import { onHand, Unknown, Was } from "../ui/stock";
import { standing } from "../trade/api";
import { useAsked } from "../trade/asked";
import { Card, Planned } from "../trade/card";
import { Supply } from "../trade/supply";
import { course } from "./api";
import { Courses, outSaid } from "./courses";
import { BackTested } from "./backtest";
import { WhatIfs } from "./what_if";

const AGAIN_MS = 60_000;
const coins = (value: number) => money(value, site.value?.currency || "EUR");

/** How many days are looked back, as the address says. */
export function daysAsked(): number {
  const asked = Number(query.value.get("days"));
  return RANGES.find((one) => one === asked) ?? 42;
}

export function SkuPage({ id }: { id: string }) {
  const sku = skus.value.get(id);
  const back = daysAsked();
  const [told] = useAsked(`${id} ${back} ${sku?.on_order} ${sku?.in_transit}`, () => course(id, back), AGAIN_MS);
  if (!sku) {
    return (
      <Panel name="article" title={id} aside={<a href={hrefOf("stock")}>{say("sku.all")}</a>}>
        <p class="calm">{say("drawer.missing", { id })}</p>
      </Panel>
    );
  }
  const { value, failed } = told.value;
  return (
    <>
      <Head sku={sku} course={value} />
      <Panel name="article-course" title={say("sku.course")} aside={<Ranges id={id} back={back} />}>
        <div class="inside">
          {value && value.sku === id ? (
            <>
              <p class={value.ahead?.out.likely_ms ? "advice" : "note"}>{outSaid(value)}</p>
              <Courses course={value} days={back} />
            </>
          ) : (
            <p class="note" role="status">{say(failed ? "later.failed" : "loading.text")}</p>
          )}
        </div>
      </Panel>
      <Why sku={sku} course={value} />
      <div class="pair">
        <Lying sku={sku} />
        <Coming sku={sku} course={value} />
      </div>
      <div class="pair">
        <Panel name="article-supply" title={say("sku.supply")}>
          <div class="inside supply-inside">
            <Supply sku={sku} />
          </div>
        </Panel>
        <Costs sku={sku} />
      </div>
      <Panel name="article-what-if" title={say("what_if.title")}>
        <WhatIfs sku={id} />
      </Panel>
      <Panel name="article-backtest" title={say("backtest.title")}>
        <BackTested sku={id} />
      </Panel>
    </>
  );
}

function Ranges({ id, back }: { id: string; back: number }) {
  return (
    <fieldset class="ranges">
      <legend class="hidden">{say("sku.range")}</legend>
      {RANGES.map((one) => (
        <a key={one} href={skuPageHref(id, one)} aria-current={one === back ? "true" : undefined}>
          {word("range", String(one))}
        </a>
      ))}
    </fieldset>
  );
}

function Head({ sku, course: told }: { sku: SkuView; course: SkuCourse | null }) {
  const lying = [...slots.value.values()].filter((slot) => slot.sku === sku.id);
  const measured = Math.min(...lying.filter((slot) => slot.at_ms > 0).map((slot) => slot.at_ms));
  const gone = lost.value.has(sku.id);
  const coming = sku.on_order + sku.in_transit;
  const due = told?.coming.find((one) => one.due_ms > 0);
  const served = told && told.served.asked > 0 ? told.served : null;
  const alerts = alertsInOrder.value.filter((one) => one.subject === sku.id);
  return (
    <Panel name="article" title={sku.name || sku.id} aside={<a href={hrefOf("stock")}>{say("sku.all")}</a>}>
      <p class="ident">
        <span>{sku.id}</span>
        {(sku.status !== "ok" || !gone) && <Status status={sku.status} />}
        {gone && <span class="state"><Status status="silent" /> <Was sku={sku.id} /></span>}
        {sku.abc + sku.xyz && <span>{say("sku.class", { class: sku.abc + sku.xyz })}</span>}
        <span>{word("replenish", sku.replenish)}</span>
        {sku.discontinued && <span>{say("drawer.discontinued")}</span>}
      </p>
      <dl class="figures-row">
        <Tile name={say("position.on_hand")} value={onHand(sku)} unit={say("sku.units")} bad={sku.status === "out"}>
          {gone ? (
            <Was sku={sku.id} />
          ) : Number.isFinite(measured) ? (
            <>
              {say("sku.weighed")} <Since at={measured} />
            </>
          ) : (
            say("sku.by_book")
          )}
        </Tile>
        <Tile name={say("position.available")} value={number(sku.available)} unit={say("sku.units")}>
          {gone ? <Was sku={sku.id} /> : sku.reserved + sku.quarantined > 0 ? say("sku.taken", { reserved: number(sku.reserved), aside: number(sku.quarantined) }) : say("sku.none_taken")}
        </Tile>
        <Tile name={say("sku.on_order")} value={number(coming)} unit={say("sku.units")}>
          {due ? say(due.late ? "sku.was_due" : "sku.due", { day: day(due.due_ms) }) : say(coming ? "sku.no_day" : "sku.nothing_coming")}
        </Tile>
        <Tile name={say("drawer.cover")} value={sku.cover_days === null ? "–" : number(sku.cover_days, 1)} unit={say("sku.days")} warn={sku.status === "low"}>
          {gone ? <Was sku={sku.id} /> : sku.daily_demand === null ? say("drawer.unknown") : say("sku.at_pace", { n: figure(sku.daily_demand) })}
        </Tile>
        <Tile name={say("why.service_level")} value={served ? percent(served.given / served.asked, 1) : "–"} unit={served ? say("sku.of_days", { n: number(served.days) }) : ""}>
          {sku.service_level === null ? say("sku.no_target") : say("sku.target", { level: percent(sku.service_level, 1) })}
        </Tile>
      </dl>
      {alerts.length > 0 && (
        <ul class="places article-alerts">
          {alerts.map((alert) => (
            <li key={alert.id}>
              <SeverityMark severity={alert.severity} /> <a href={hrefOf("alerts")}>{titled(alert)}</a> <Since at={alert.since_ms} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

interface TileOf {
  name: string;
  value: string;
  unit: string;
  bad?: boolean;
  warn?: boolean;
  children: preact.ComponentChildren;
}

function Tile({ name, value, unit, bad, warn, children }: TileOf) {
  return (
    <div class={`tile ${bad ? "bad" : warn ? "warn" : ""}`}>
      <dt class="label">{name}</dt>
      <dd>
        <span class="value">
          <b>{value}</b> <span class="unit">{unit}</span>
        </span>
        <span class="note">{children}</span>
      </dd>
    </div>
  );
}

/** Why this reorder point: of a need that stands the card it was made from, else the plan as it is now. */
function Why({ sku, course: told }: { sku: SkuView; course: SkuCourse | null }) {
  const need: NeedView | undefined = needsInOrder.value.find((one) => one.sku === sku.id && one.card !== null);
  const card = told?.card ?? null;
  return (
    <Panel name="article-why" title={say("sku.why")} aside={need && <a href={replenishHref("")}>{say("needs.title")}</a>}>
      {need ? <Card need={need} act /> : card ? <Planned plan={{ ...card, revised: 0, observed: sku.replenish === "observe" }} /> : <p class="calm">{told ? word("planned", sku.verdict || "demand_unknown") : say("loading.text")}</p>}
    </Panel>
  );
}

function Lying({ sku }: { sku: SkuView }) {
  const lying: SlotView[] = [...slots.value.values()].filter((slot) => slot.sku === sku.id);
  const lit = new Set(lying.map((slot) => slot.id));
  return (
    <Panel name="article-places" title={say("drawer.slots")} aside={lying.length > 0 && <a href={mapHref("fill", sku.id)}>{say("sku.on_map")}</a>}>
      {lying.length === 0 ? (
        <p class="calm">{say("sku.no_slots")}</p>
      ) : (
        <div class="inside">
          <div class="mini-map" aria-hidden="true">
            <Canvas lit={lit} />
          </div>
          <ul class="places">
            {lying.map((slot) => (
              <li key={slot.id}>
                {slot.count === null ? (
                  <Unknown slot={slot} />
                ) : (
                  <>
                    <StatusMark status={slot.status} /> <a href={slotHref(slot.id)}>{slot.id}</a>
                    {slot.device && <a class="note" href={assetHref(slot.device)}>{slot.device}</a>}
                    <span>
                      <b>{number(slot.count)}</b> / {number(slot.capacity)}
                    </span>
                  </>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Panel>
  );
}

function Coming({ sku, course: told }: { sku: SkuView; course: SkuCourse | null }) {
  const its = [...orders.value.values()].filter((order) => order.lines.some((line) => line.sku === sku.id)).sort((a, b) => b.changed_ms - a.changed_ms);
  return (
    <Panel name="article-orders" title={say("nav.orders")} aside={<a href={replenishHref("")}>{say("needs.title")}</a>}>
      {its.length === 0 ? (
        <p class="calm">{say("sku.no_orders")}</p>
      ) : (
        <div class="inside">
          <div class="scrolling" tabIndex={0} role="group" aria-label={say("nav.orders")}>
            <table class="small">
              <thead>
                <tr>
                  <th scope="col">{say("sku.order")}</th>
                  <th scope="col">{say("sku.state")}</th>
                  <th scope="col" class="n">{say("order.units")}</th>
                  <th scope="col" class="n">{say("order.received")}</th>
                  <th scope="col" class="n">{say("order.due_column")}</th>
                </tr>
              </thead>
              <tbody>
                {its.map((order) => {
                  const line = order.lines.find((one) => one.sku === sku.id)!;
                  const late = told?.coming.find((one) => one.order === order.id)?.late ?? order.late;
                  return (
                    <tr key={order.id}>
                      <th scope="row">
                        <a href={orderHref(order.id)}>{`${say("order.title", { id: order.id })} · ${order.supplier_name || order.supplier}`}</a>
                      </th>
                      <td>
                        {word("order_state", order.state)}
                        {late && ` · ${say("order.late")}`}
                      </td>
                      <td class="n">{number(line.units)}</td>
                      <td class="n">{number(line.received)}</td>
                      <td class="n">{line.due_ms ? day(line.due_ms) : "–"}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </div>
      )}
    </Panel>
  );
}

/** What its stock cost: layer by layer, the oldest first; and which lots expire when. */
function Costs({ sku }: { sku: SkuView }) {
  const [told] = useAsked(`${sku.id} ${sku.on_hand}`, () => standing(sku.id));
  const { value, failed } = told.value;
  return (
    <Panel name="article-costs" title={say("sku.costs")}>
      {!value ? (
        <p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p>
      ) : (
        <div class="inside">
          {value.value === null ? (
            <p class="note">{say("sku.costs_of_buyers")}</p>
          ) : value.layers.length === 0 ? (
            <p class="note">{say("sku.no_layers")}</p>
          ) : (
            <table class="small">
              <caption>{say("sku.layers")}</caption>
              <thead>
                <tr>
                  <th scope="col" class="n">{say("order.units")}</th>
                  <th scope="col" class="n">{say("sku.each")}</th>
                  <th scope="col" class="n">{say("sku.value")}</th>
                </tr>
              </thead>
              <tbody>
                {value.layers.map((layer, at) => (
                  <tr key={at}>
                    <td class="n">{number(layer.units)}</td>
                    <td class="n">{coins(layer.unit_cost)}</td>
                    <td class="n">{coins(layer.units * layer.unit_cost)}</td>
                  </tr>
                ))}
                <tr class="chosen">
                  <td class="n">{number(value.layers.reduce((sum, one) => sum + one.units, 0))}</td>
                  <td class="n">–</td>
                  <td class="n">{coins(value.value)}</td>
                </tr>
              </tbody>
            </table>
          )}
          {value.expiring.length > 0 && (
            <>
              <h3>{say("sku.expiring")}</h3>
              <ul class="places">
                {value.expiring.map((one) => (
                  <li key={`${one.lot} ${one.expiry}`}>
                    <span>{one.lot || say("position.no_lot")}</span>
                    <span class="note">{say(one.days < 0 ? "sku.expired" : "sku.expires_in", { days: daysSaid(Math.abs(one.days)), day: one.expiry })}</span>
                    <b>{number(one.units)}</b>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Panel>
  );
}
