// Replenishment: what has to be decided, what was put off, orders by their state, and what another policy would do. Each
// tab is an address: #/replenishment/drafts.
import "../style/tabs.css";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { kept, ordersOf, isSnoozed, ranked, tabOf, TABS, type Tab } from "../core/queue";
import { adopt } from "../link";
import { hrefOf, part, query, replenishHref } from "../route";
import { may, needsDone, needsInOrder, now, orders, site, skus } from "../state";
import { Need } from "../ui/needs";
import { Panel, useKeptFocus } from "../ui/panel";
import { Act } from "../trade/form";
import { byChange, byUrgency, Order } from "../trade/orders";
import { placed } from "../trade/places";
import { SITE } from "../trade/api";
import { useAsked } from "../trade/asked";
import type { NeedView } from "../types";
import type { Suggestion } from "../types_supply";
import { money, number, say } from "../words/words";
import { drafts, queue } from "./api";
import { BackTested } from "./backtest";
import { useHeld } from "../ui/held";
import { Row, Snoozed } from "./row";
import { SkuChoice } from "./sku_choice";
import { WhatIfs } from "./what_if";

const AGAIN_MS = 60_000;
const NOTHING: ReadonlyMap<number, Suggestion> = new Map();

export function Replenishment() {
  const tab = tabOf(part.value);
  const sku = query.value.get("sku") ?? "";
  const unknown = sku !== "" && !skus.value.has(sku);
  const open = needsInOrder.value;
  const version = open.map((need) => `${need.id} ${need.changed_ms} ${need.order}`).join();
  const [told] = useAsked(version, queue, AGAIN_MS);
  const known = told.value.value ? new Map(told.value.value.items.map((one) => [one.id, one])) : NOTHING;
  const every = [...orders.value.values()];
  const ordered = new Set(every.flatMap((order) => (order.state === "cancelled" ? [] : order.needs)));
  const undecided = open.filter((need) => need.order === null && !ordered.has(need.id));
  const waiting = ranked(undecided.filter((need) => !isSnoozed(need, now.value)), known);
  const asleep = undecided.filter((need) => isSnoozed(need, now.value));
  const counts: Partial<Record<Tab, number>> = { decide: waiting.length, snoozed: asleep.length, ...Object.fromEntries((["drafts", "sent", "late", "received"] as const).map((one) => [one, ordersOf(one, every).length])) };
  return (
    <>
      <div class="page-tabs" role="navigation" aria-label={say("replenish.tabs")}>
        {TABS.map((one) => (
          <a key={one} href={replenishHref(one === "decide" ? "" : one)} aria-current={one === tab ? "page" : undefined}>
            {say(`replenish.${one}`)} {counts[one] ? <b class={one === "late" ? "count late" : "count"}>{number(counts[one])}</b> : null}
          </a>
        ))}
      </div>
      {tab === "decide" && <Decide waiting={waiting} known={known} failed={told.value.failed} more={told.value.value?.more ?? 0} />}
      {tab === "snoozed" && (
        <Panel name="needs" title={say("replenish.snoozed")}>
          {asleep.length === 0 ? <p class="calm">{say("replenish.none_snoozed")}</p> : <ul class="rows">{asleep.map((need) => <Snoozed key={need.id} need={need} />)}</ul>}
        </Panel>
      )}
      {(tab === "drafts" || tab === "sent" || tab === "late" || tab === "received") && <Orders tab={tab} />}
      {unknown && (tab === "backtest" || tab === "what_if") && (
        <Panel name={tab === "backtest" ? "backtest" : "what-if"} title={say(`replenish.${tab}`)}>
          <div class="inside">
            <SkuChoice sku="" href={(id) => replenishHref(tab, id ? `sku=${encodeURIComponent(id)}` : "")} />
            <p class="calm" role="status">{say("replenish.no_such_sku", { sku })}</p>
          </div>
        </Panel>
      )}
      {!unknown && tab === "backtest" && (
        <Panel name="backtest" title={say("backtest.title")}>
          <BackTested sku={sku} choosing />
        </Panel>
      )}
      {!unknown && tab === "what_if" && (
        <Panel name="what-if" title={say("what_if.title")}>
          <WhatIfs sku={sku} choosing />
        </Panel>
      )}
    </>
  );
}

function Orders({ tab }: { tab: Tab }) {
  const there = new Set(ordersOf(tab, [...orders.value.values()].map(placed)).map((one) => one.id));
  const found = [...orders.value.values()].filter((one) => there.has(one.id)).sort(tab === "received" ? byChange : byUrgency);
  return (
    <Panel name={`orders-${tab}`} title={say(`replenish.${tab}`)} aside={<a href={hrefOf("orders")}>{say("replenish.all_orders")}</a>}>
      {found.length === 0 ? (
        <p class="calm">{say("replenish.none_here")}</p>
      ) : (
        <ul class="rows">
          {found.map((order) => (
            <Order key={order.id} order={order} base={SITE} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Decide({ waiting, known, failed, more }: { waiting: NeedView[]; known: ReadonlyMap<number, Suggestion>; failed: boolean; more: number }) {
  const list = useKeptFocus<HTMLUListElement>();
  const held = useHeld(list);
  const places = useRef<number[]>([]);
  const inOrder = useRef(false); // only then are they in their order, and worth keeping so
  const still = new Map(waiting.map((need) => [need.id, need]));
  places.current = held && inOrder.current ? kept(places.current, [...still.keys()]) : [...still.keys()];
  inOrder.current = known.size > 0 || failed;
  const over = new Map([...needsInOrder.value, ...needsDone.value].filter((need) => !still.has(need.id)).map((need) => [need.id, need]));
  const shown = places.current.flatMap((id) => still.get(id) ?? over.get(id) ?? []);
  const picked = useSignal<ReadonlySet<number>>(new Set());
  const chosen = waiting.filter((need) => picked.value.has(need.id));
  const pick = (id: number) => {
    const next = new Set(picked.value);
    if (!next.delete(id)) next.add(id);
    picked.value = next;
  };
  return (
    <>
      <Panel name="needs queue" title={say("needs.title")} aside={waiting.length > 0 && say("needs.count", { n: waiting.length })}>
        {shown.length === 0 && <p class="calm">{say("needs.none")}</p>}
        {failed && <p class="calm" role="status">{say("replenish.failed")}</p>}
        {more > 0 && <p class="calm">{say("replenish.more", { n: number(more) })}</p>}
        <ul ref={list} class="rows">
          {shown.map((need) => (
            <Row key={need.id} need={need} over={!still.has(need.id)} told={known.get(need.id) ?? null} picked={picked.value.has(need.id)} pick={() => pick(need.id)} />
          ))}
        </ul>
        {chosen.length > 0 && <Together chosen={chosen} known={known} done={() => (picked.value = new Set())} />}
      </Panel>
      <Done />
    </>
  );
}

/** What is chosen goes on drafts, one for each supplier. */
function Together({ chosen, known, done }: { chosen: NeedView[]; known: ReadonlyMap<number, Suggestion>; done: () => void }) {
  const cost = chosen.reduce((sum, need) => sum + (known.get(need.id)?.cost ?? 0), 0);
  const send = async (key: string) => {
    const needs = chosen.map((need) => ({ need: need.id, changed_ms: need.changed_ms }));
    const made = await drafts(needs, key);
    adopt({ orders: made.orders });
    done();
  };
  return (
    <div class="together" role="group" aria-label={say("replenish.together")}>
      <span>
        <b>{say("replenish.chosen", { n: number(chosen.length) })}</b>
        {cost > 0 && ` · ${money(cost, site.value?.currency || "EUR")}`}
      </span>
      {may("buy") && <Act main label={say("replenish.draft")} described={say("replenish.draft_of", { n: chosen.length })} act={send} />}
      <button type="button" onClick={done}>
        {say("replenish.choose_none")}
      </button>
      {may("buy") && <p class="note">{say("replenish.draft_means")}</p>}
    </div>
  );
}

/** The proposals that are over, the latest first. */
function Done() {
  const all = needsDone.value;
  if (!all.length) return null;
  return (
    <Panel name="done" title={say("needs.done")}>
      <ul class="rows needs">
        {all.map((need) => (
          <Need key={need.id} need={need} full />
        ))}
      </ul>
    </Panel>
  );
}
