// What the planner would do if demand, lead time or service level were another, beside what it does now. What was asked
// for is kept in the address of the tab.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { changed, digitsOf } from "../core/compared";
import { asking as inAddress, query, replenishHref, skuPageHref } from "../route";
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

const KNOBS = ["demand", "lead", "level"] as const;
/** What an address says of it; as things are is not said. */
const saidOf = (sku: string, asking: Asking): Record<string, string> => ({ sku, ...Object.fromEntries(KNOBS.map((name) => [name, asking[name] === AS_IT_IS[name] ? "" : String(asking[name])])) });
const hrefOf = (sku: string, asking: Asking) => replenishHref("what_if", String(new URLSearchParams(Object.entries(saidOf(sku, asking)).filter(([, value]) => value))));

export function WhatIfs({ sku, choosing }: { sku: string; choosing?: boolean }) {
  const asking = useSignal<Asking>(choosing ? fromAddress() : AS_IT_IS);
  const asked = useSignal<Asking>(asking.value);
  const { demand, lead, level } = asking.value;
  /** What this page wrote into the address itself. */
  const wrote = useRef(String(query.value));
  useEffect(() => {
    if (!choosing || String(query.value) === wrote.current) return;
    wrote.current = String(query.value);
    asking.value = asked.value = fromAddress(); // another address was followed
  }, [query.value]);
  useEffect(() => {
    const still = setTimeout(() => {
      asked.value = asking.value;
      const here = location.hash.startsWith(replenishHref("what_if")); // or another page is on its way already
      const wanted = hrefOf(sku, asking.value).split("?")[1] ?? "";
      if (!choosing || !here || wanted === String(query.value)) return;
      wrote.current = wanted;
      inAddress(saidOf(sku, asking.value));
    }, STILL_MS);
    return () => clearTimeout(still);
  }, [demand, lead, level, sku, String(query.value)]);
  const [told] = useAsked(`${sku} ${JSON.stringify(asked.value)}`, () => whatIf(sku, asked.value));
  const { value, failed } = told.value;
  const target = sku ? skus.value.get(sku)?.service_level : null;
  const set = (name: keyof Asking) => (event: { currentTarget: { value: string } }) => (asking.value = { ...asking.value, [name]: Number(event.currentTarget.value) });
  return (
    <div class="inside what-if-inside">
      {choosing && <SkuChoice sku={sku} href={(id) => hrefOf(id, asking.value)} />}
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
          told={level ? percent(level / 1000, 1) : target ? say("what_if.as_it_is", { level: percent(target, 1) }) : say("what_if.as_now")}
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

/** A figure: its name, what it is, and how it is shown. */
type Compare = [name: string, value: (led: Led) => number | null, shown: (value: number) => string];

function changeOf(before: number | null, after: number | null, share: boolean, shown: (value: number) => string): string {
  if (before === null || after === null) return before === after ? "=" : "–";
  const found = changed(before, after, share, shown);
  switch (found.kind) {
    case "same":
      return "=";
    case "none":
      return "–";
    case "points":
      return say("what_if.points", { n: number(found.by, 1, { signDisplay: "exceptZero" }) });
    case "part":
      return number(found.by, digitsOf(found.by), { style: "percent", signDisplay: "exceptZero" });
  }
}

function Compared({ now, then, one }: { now: Led; then: Led; one: boolean }) {
  const or = (value: number | null, shown: (value: number) => string) => (value === null ? "–" : shown(value));
  const share = (value: number) => percent(value, 1);
  const rows: Compare[] = [
    ...(one
      ? ([
          [say("why.reorder_point"), (led) => led.reorder_point, number],
          [say("what_if.lot"), (led) => led.lot, number],
          [say("why.safety_stock"), (led) => led.safety_stock, figure],
          [say("what_if.stock"), (led) => led.stock, figure],
        ] as Compare[])
      : []),
    [say("what_if.orders"), (led) => led.orders, figure],
    [say("what_if.stock_value"), (led) => led.stock_value, coins],
    [say("card.fill"), (led) => led.fill, share],
    [say(one ? "what_if.risk" : "what_if.risk_mean"), (led) => led.risk, share],
    [say("card.cost"), (led) => led.cost, coins],
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
          {rows.map(([name, value, shown]) => {
            const [before, after] = [value(now), value(then)];
            return (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="n">{or(before, shown)}</td>
                <td class="n">
                  <b>{or(after, shown)}</b>
                </td>
                <td class="n">{changeOf(before, after, shown === share, shown)}</td>
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
