// What the planner would do if demand, lead time or service level were another, beside what it does now. What was asked
// for is kept in the address of the tab.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { query, replenishHref, skuPageHref } from "../route";
import { site, skuName, skus } from "../state";
import type { Led } from "../types_supply";
import { figure, money, number, percent, say, word } from "../words/words";
import { useAsked } from "../trade/asked";
import { type Asking, whatIf } from "./api";
import { SkuChoice } from "./sku_choice";

/** A slider that moves asks when it has stood still for so long. */
const STILL_MS = 300;
const coins = (value: number) => money(value, site.value?.currency || "EUR");

const AS_IT_IS: Asking = { demand: 100, lead: 100, level: 0 };

function fromAddress(): Asking {
  const whole = (name: keyof Asking) => {
    const asked = Number(query.value.get(name) ?? AS_IT_IS[name]);
    return Number.isInteger(asked) && asked >= 0 && asked <= 999 ? asked : AS_IT_IS[name];
  };
  return { demand: Math.min(300, Math.max(10, whole("demand"))), lead: Math.min(300, whole("lead")), level: whole("level") >= 800 ? whole("level") : 0 };
}

function inAddress(sku: string, asking: Asking): string {
  const said = new URLSearchParams(sku ? { sku } : {});
  for (const name of ["demand", "lead", "level"] as const) if (asking[name] !== AS_IT_IS[name]) said.set(name, String(asking[name]));
  return String(said);
}

export function WhatIfs({ sku, choosing }: { sku: string; choosing?: boolean }) {
  const asking = useSignal<Asking>(choosing ? fromAddress() : AS_IT_IS);
  const asked = useSignal<Asking>(asking.value);
  const { demand, lead, level } = asking.value;
  useEffect(() => {
    const still = setTimeout(() => {
      asked.value = asking.value;
      const here = location.hash.startsWith(replenishHref("what_if")); // or another page is on its way already
      if (choosing && here) history.replaceState(null, "", replenishHref("what_if", inAddress(sku, asking.value)));
    }, STILL_MS);
    return () => clearTimeout(still);
  }, [demand, lead, level]);
  const [told] = useAsked(`${sku} ${JSON.stringify(asked.value)}`, () => whatIf(sku, asked.value));
  const { value, failed } = told.value;
  const target = sku ? skus.value.get(sku)?.service_level : null;
  const set = (name: keyof Asking) => (event: { currentTarget: { value: string } }) => (asking.value = { ...asking.value, [name]: Number(event.currentTarget.value) });
  return (
    <div class="inside what-if-inside">
      {choosing && <SkuChoice sku={sku} href={(id) => replenishHref("what_if", id ? `sku=${encodeURIComponent(id)}` : "")} />}
      <p class="note">{say(sku ? "what_if.one" : "what_if.all")}</p>
      <div class="knobs">
        <Knob name={say("what_if.demand")} value={demand} least={10} most={300} step={5} told={percent(demand / 100)} onInput={set("demand")} />
        <Knob name={say("what_if.lead")} value={lead} least={0} most={300} step={5} told={percent(lead / 100)} onInput={set("lead")} />
        <Knob
          name={say("what_if.level")}
          value={level || Math.round((target ?? 0.95) * 1000)}
          least={800}
          most={999}
          step={1}
          told={level ? percent(level / 1000, 1) : target ? say("what_if.as_it_is", { level: percent(target, 1) }) : say("what_if.reset")}
          onInput={set("level")}
        />
        <button type="button" onClick={() => (asking.value = AS_IT_IS)}>
          {say("what_if.reset")}
        </button>
      </div>
      {value?.now && value.then ? (
        <>
          <Compared now={value.now} then={value.then} one={!!sku} />
          <p class="note" role="status">
            {!sku && say("what_if.of", { n: number(value.skus) })}
            {!sku && value.unplanned > 0 && ` ${say("what_if.unplanned", { n: number(value.unplanned) })}`}
            {value.left > 0 && ` ${say("what_if.left", { n: number(value.left) })}`}
          </p>
        </>
      ) : (
        <p class="note" role="status">
          {value ? value.reason || say("what_if.none") : say(failed ? "later.failed" : "loading.text")}
        </p>
      )}
      {choosing && sku && (
        <p>
          <a class="button" href={skuPageHref(sku)}>
            {skuName(sku)}
          </a>
        </p>
      )}
    </div>
  );
}

interface Turned {
  name: string;
  value: number;
  least: number;
  most: number;
  step: number;
  told: string;
  onInput: (event: { currentTarget: { value: string } }) => void;
}

function Knob({ name, value, least, most, step, told, onInput }: Turned) {
  return (
    <label class="knob">
      <span>
        {name} <b>{told}</b>
      </span>
      <input type="range" min={least} max={most} step={step} value={value} aria-valuetext={told} onInput={onInput} />
    </label>
  );
}

function Compared({ now, then, one }: { now: Led; then: Led; one: boolean }) {
  const or = (value: number | null, shown: (value: number) => string) => (value === null ? "–" : shown(value));
  const rows: [string, (led: Led) => string, (led: Led) => number][] = [
    ...(one
      ? ([
          [say("why.reorder_point"), (led) => or(led.reorder_point, number), (led) => led.reorder_point ?? 0],
          [say("what_if.lot"), (led) => number(led.lot), (led) => led.lot],
          [say("why.safety_stock"), (led) => or(led.safety_stock, figure), (led) => led.safety_stock ?? 0],
          [say("what_if.stock"), (led) => figure(led.stock), (led) => led.stock],
        ] as [string, (led: Led) => string, (led: Led) => number][])
      : []),
    [say("what_if.orders"), (led) => figure(led.orders), (led) => led.orders],
    [say("what_if.stock_value"), (led) => coins(led.stock_value), (led) => led.stock_value],
    [say("card.fill"), (led) => percent(led.fill, 1), (led) => led.fill],
    [say(one ? "what_if.risk" : "what_if.risk_mean"), (led) => percent(led.risk, 1), (led) => led.risk],
    [say("card.cost"), (led) => coins(led.cost), (led) => led.cost],
  ];
  const limits = [...new Set([...now.limits, ...then.limits])];
  return (
    <div class="scrolling" tabIndex={0} role="group" aria-label={say("what_if.title")}>
      <table class="small compared">
        <thead>
          <tr>
            <th scope="col">{say("what_if.figure")}</th>
            <th scope="col" class="n">{say("what_if.now")}</th>
            <th scope="col" class="n">{say("what_if.then")}</th>
            <th scope="col" class="n">{say("what_if.change")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, shown, value]) => {
            const [before, after] = [value(now), value(then)];
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="n">{shown(now)}</td>
                <td class="n">
                  <b>{shown(then)}</b>
                </td>
                <td class="n">{before === after ? "=" : before === 0 ? "–" : percent((after - before) / Math.abs(before), 0)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {limits.map((limit) => (
        <p key={limit} class="note">
          {then.limits.includes(limit) && !now.limits.includes(limit) && <b>{say("what_if.then")}: </b>}
          {word("limit", limit)}
        </p>
      ))}
    </div>
  );
}
