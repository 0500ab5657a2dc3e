// One thing that waits to be ordered: why, what an order would do to its course, from whom and at what; to approve, to
// edit, to put off. Who edits or puts off does so as it was looked at: if somebody else was first, that is said.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { amount } from "../core/forms";
import { effect, isSnoozed, orderOf } from "../core/queue";
import { adopt } from "../link";
import { orderHref, skuPageHref } from "../route";
import { may, now, orders, site, skuName, skus } from "../state";
import type { NeedView } from "../types";
import type { Suggestion } from "../types_supply";
import { days, day, figure, money, moment, number, percent, say, word } from "../words/words";
import { Since } from "../ui/panel";
import { useAsked } from "../trade/asked";
import { Card } from "../trade/card";
import { Act, Form, Trouble } from "../trade/form";
import { much } from "../trade/much";
import { OrderNeed } from "../trade/order_need";
import { useWish } from "../trade/wish";
import { course, look, type Looked, orderUnits, snooze } from "./api";
import { Courses } from "./courses";

const [SPARK_LEAST, SPARK_MOST] = [5, 30];
const NOTE_MAX = 500;
/** For so many days something can be put off. */
const SNOOZES = ["1", "3", "7", "14", "28"];
const coins = (value: number) => money(value, site.value?.currency || "EUR");

interface OneRow {
  need: NeedView;
  /** It does not wait any more, but keeps its place while somebody is about to act. */
  over: boolean;
  told: Suggestion | null;
  picked: boolean;
  pick: () => void;
}

export function Row({ need, over, told, picked, pick }: OneRow) {
  const open = useSignal(false);
  const doing = useSignal<{ what: "edit" | "snooze"; looked: Looked } | null>(null);
  const orderable = !over && may("buy") && need.state === "proposed" && need.order === null;
  const name = skuName(need.sku);
  const { position, reorder_point } = need.why;
  const leave = () => {
    const was = doing.value?.what;
    doing.value = null;
    line.current?.querySelector<HTMLElement>(`[data-opens="${was}"]`)?.focus();
  };
  const line = useRef<HTMLDivElement>(null);
  const tall = useRef(0);
  tall.current = over ? tall.current || (line.current?.getBoundingClientRect().height ?? 0) : 0; // as it was, with its buttons
  return (
    <li class={over ? "orderly wanted settled" : "orderly wanted"}>
      <div class="line" ref={line} style={over ? { minHeight: `${tall.current}px` } : undefined}>
        {orderable ? (
          <label class="tick-box">
            <input type="checkbox" checked={picked} onChange={pick} aria-label={say("replenish.choose", { name })} />
            <i aria-hidden="true" />
          </label>
        ) : (
          <span class="tick-box" />
        )}
        <button type="button" class="unfolds" aria-expanded={open.value} aria-label={`${say("needs.why")}: ${name}`} onClick={() => (open.value = !open.value)}>
          <span class="what">
            <strong>{name}</strong>
            <span class="note">{told ? <Reasons told={told} /> : say("needs.position", { position: shown(position), point: shown(reorder_point) })}</span>
          </span>
          {told && <Spark told={told} units={need.quantity} />}
          <span class="unfold" aria-hidden="true" />
        </button>
        {told && (
          <dl class="deal">
            <div class={told.out_ms && told.out_ms <= now.value ? "gone" : ""}>
              <dt>{say("replenish.out")}</dt>
              <dd>{outIn(told)}</dd>
            </div>
            <div>
              <dt>{say("replenish.from")}</dt>
              <dd>{told.supplier_name || say("replenish.nobody")}</dd>
            </div>
            <div>
              <dt>{say("replenish.costs")}</dt>
              <dd>{told.cost === null ? coins(told.unit_cost * need.quantity) : coins(told.cost)}</dd>
            </div>
          </dl>
        )}
        <div class="decisions">
          {over ? <Settled need={need} /> : <OrderNeed need={need} />}
          {orderable && (
            <>
              <Open label={say("replenish.edit")} described={`${say("replenish.edit")}: ${name}`} what="edit" need={need.id} open={(looked) => (doing.value = { what: "edit", looked })} />
              <Open label={say("replenish.snooze")} described={`${say("replenish.snooze")}: ${name}`} what="snooze" need={need.id} open={(looked) => (doing.value = { what: "snooze", looked })} />
            </>
          )}
        </div>
      </div>
      {open.value && (
        <div class="inside opened">
          {told && <Facts told={told} need={need} />}
          <Effect need={need} />
          {need.card !== null && <Card need={need} act={false} />}
        </div>
      )}
      {doing.value?.what === "edit" && <Edit looked={doing.value.looked} name={name} leave={leave} />}
      {doing.value?.what === "snooze" && <Snooze looked={doing.value.looked} name={name} leave={leave} />}
    </li>
  );
}

/** What became of it, and through whom. */
function Settled({ need }: { need: NeedView }) {
  const order = orderOf(need, [...orders.value.values()]);
  const { snoozed_until_ms: until, snoozed_by: by } = need.why;
  return (
    <p class="note" role="status">
      {order ? (
        <>
          {order.by && say("replenish.ordered_by", { by: order.by })} <a href={orderHref(order.id)}>{say("order.title", { id: order.id })}</a>
        </>
      ) : need.order !== null ? (
        say("need.ordered", { id: need.order })
      ) : isSnoozed(need, now.value) ? (
        say("replenish.put_off_by", { by: String(by ?? "–"), until: moment(Number(until)) })
      ) : (
        say("replenish.over_now")
      )}
    </p>
  );
}

/** Looks at it as the service has it now, and then opens what it is changed by. */
function Open({ label, described, what, need, open }: { label: string; described: string; what: "edit" | "snooze"; need: number; open: (looked: Looked) => void }) {
  const [wish, make] = useWish();
  const press = () => void make(described, async () => open(await look(need)));
  return (
    <span class="act">
      <button type="button" data-opens={what} aria-label={described} aria-disabled={wish.value.busy} onClick={press}>
        {label}
      </button>
      <span class="trouble" role="status">
        <Trouble wish={wish.value} />
      </span>
    </span>
  );
}

/** Units as they were entered; their field has been judged. */
const typed = (units = ""): number => amount(units, "whole")!;

function Edit({ looked: { value, tag }, name, leave }: { looked: Looked; name: string; leave: () => void }) {
  return (
    <Form
      label={say("replenish.edit_of", { name })}
      fields={[{ name: "units", label: say("order.units"), kind: "whole", needed: true, least: 1, most: 1_000_000_000, value: String(value.units), hint: say("replenish.proposed_units", { n: number(value.units) }) }]}
      submit={say("replenish.order_so_many")}
      doubt={({ units }) => (typed(units) > value.units ? much([{ sku: value.sku, units: typed(units) }]) : "")}
      send={async ({ units }, key) => adopt({ orders: (await orderUnits(value.id, typed(units), tag, key)).orders })}
      done={leave}
      close={leave}
    />
  );
}

function Snooze({ looked: { value, tag }, name, leave }: { looked: Looked; name: string; leave: () => void }) {
  const out = value.out_ms ? say("replenish.out_before", { day: day(value.out_ms) }) : "";
  return (
    <Form
      label={say("replenish.snooze_of", { name })}
      fields={[
        { name: "days", label: say("replenish.for"), kind: "choice", value: "3", choices: SNOOZES.map((one) => [one, say("replenish.until", { days: days(Number(one)), day: day(now.value + Number(one) * 86_400_000) })]), hint: out },
        { name: "note", label: say("replenish.note"), kind: "text", most: NOTE_MAX },
      ]}
      submit={say("replenish.snooze")}
      send={({ days: wanted, note }, key) => snooze(value.id, now.value + Number(wanted) * 86_400_000, note ?? "", tag, key)}
      done={leave}
      close={leave}
    />
  );
}

/** One that was put off, by whom and until when; it can be looked at again at once. */
export function Snoozed({ need }: { need: NeedView }) {
  const { snoozed_until_ms: until, snoozed_by: by, snoozed_note: note } = need.why;
  const name = skuName(need.sku);
  const wake = async (key: string) => {
    const { tag } = await look(need.id);
    await snooze(need.id, 0, "", tag, key);
  };
  return (
    <li class="asleep">
      <span class="what">
        <strong>
          <a href={skuPageHref(need.sku)}>{name}</a>
        </strong>
        <span class="note">{say("replenish.asleep", { n: number(need.quantity), until: moment(Number(until)), by: String(by ?? "–") })}</span>
        {note && <q>{String(note)}</q>}
      </span>
      {may("buy") && <Act label={say("replenish.wake")} described={`${say("replenish.wake")}: ${name}`} act={wake} />}
    </li>
  );
}

function Reasons({ told }: { told: Suggestion }) {
  const words = { on_hand: number(told.on_hand), available: number(told.available), coming: number(told.coming), point: told.reorder_point === null ? "–" : number(told.reorder_point), owed: number(-told.available), risk: percent(told.risk ?? 0, told.risk !== null && told.risk < 0.1 ? 1 : 0), lead: days(told.lead_time_days) };
  return (
    <>
      {say("replenish.at", words)}
      {told.why.map((one) => (
        <span key={one}> · {word("waits", one, words)}</span>
      ))}
    </>
  );
}

/** In how many days it is out. */
function outIn({ out_ms, there }: Suggestion): string {
  if (!out_ms) return say("replenish.not_soon", { n: number(there.length - 1) });
  return out_ms <= now.value ? say("replenish.gone") : days((out_ms - now.value) / 86_400_000);
}

/** Its course without an order, and apart from it with one. */
function Spark({ told, units }: { told: Suggestion; units: number }) {
  const lasts = told.daily ? (told.available + units) / told.daily : SPARK_MOST;
  const ahead = Math.min(SPARK_MOST, Math.max(SPARK_LEAST, Math.ceil(told.lead_time_days + lasts) + 1));
  const drawn = effect(told, units, ahead);
  return (
    <svg class="stock-ahead" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={say("replenish.spark", { out: told.out_ms ? day(told.out_ms) : say("replenish.not_soon", { n: told.there.length - 1 }), days: ahead })}>
      {drawn.point !== null && <path class="point" d={`M0 ${drawn.point}H100`} />}
      <path class="without" d={drawn.without} />
      <path class="with" d={drawn.with_order} />
      {drawn.out !== null && <path class="out" d={`M${100 * drawn.out} 82V100`} />}
    </svg>
  );
}

function Facts({ told, need }: { told: Suggestion; need: NeedView }) {
  return (
    <dl class="facts row-facts">
      <div>
        <dt>{say("stock.on_hand_reorder")}</dt>
        <dd>{`${number(told.on_hand)} / ${told.reorder_point === null ? "–" : number(told.reorder_point)}`}</dd>
      </div>
      <div>
        <dt>{say("why.lead_time_days")}</dt>
        <dd>{days(told.lead_time_days)}</dd>
      </div>
      <div>
        <dt>{say("stock.demand")}</dt>
        <dd>{told.daily === null ? "–" : figure(told.daily)}</dd>
      </div>
      <div>
        <dt>{say("needs.proposed")}</dt>
        <dd>
          <Since at={need.created_ms} />
        </dd>
      </div>
      <div>
        <dt>{say("stock.item")}</dt>
        <dd>
          <a href={skuPageHref(need.sku)}>{need.sku}</a>
        </dd>
      </div>
    </dl>
  );
}

/** What the order would do, on the same chart as the article's page has. */
function Effect({ need }: { need: NeedView }) {
  const [told] = useAsked(`${need.sku} ${skus.value.get(need.sku)?.on_order}`, () => course(need.sku, 14));
  const { value, failed } = told.value;
  return value ? <Courses course={value} days={14} ordered={need.quantity} brief /> : <p class="note" role="status">{say(failed ? "later.failed" : "loading.text")}</p>;
}

const shown = (value: string | number | null | undefined): string => (typeof value === "number" ? figure(value) : (value ?? "–"));
