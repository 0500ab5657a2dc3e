// What a supplier tells from its portal beside its orders: what it plans to bring, and what it has.
import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { amount, dayOf, type Field, noon } from "../core/forms";
import { now, skuName } from "../state";
import { Since } from "../ui/panel";
import { number, say, timezone } from "../words/words";
import { type PlanLine, plan, stock } from "./api";
import { Form, type Values } from "./form";
import { refreshed } from "./portal_news";
import type { Portal, PortalShelf } from "./types";

/** Of a shelf, what may still be brought; below 0 is too much already, null without a most. */
export const room = ({ most, projected }: PortalShelf): number | null => (most === null ? null : most - projected);

/** Whose decision it is what comes onto a shelf. Pure. */
export const decides = ({ agreements }: Portal, sku: string): "site" | "supplier" => agreements.find((one) => one.skus.includes(sku))?.decides ?? "site";

/** A day for all of it, and a field for each shelf. Pure. */
export function planFields(shelves: PortalShelf[], at_ms: number, zone: string): Field[] {
  const fields = shelves.map((shelf): Field => {
    const left = room(shelf);
    const short = shelf.least === null ? 0 : shelf.least - shelf.projected;
    const hint = short > 0 ? say("portal.short", { n: number(short) }) : left === null ? "" : left > 0 ? say("portal.room", { n: number(left) }) : say("portal.full");
    return { name: `units ${shelf.sku}`, label: `${shelf.name || shelf.sku}: ${say("order.units")}`, kind: "whole", least: 1, hint };
  });
  return [...fields, { name: "due_ms", label: say("portal.plan_day"), kind: "date", from: dayOf(at_ms, zone) }];
}

/** Only the shelves that something was entered for. Pure. */
export function planLines(shelves: PortalShelf[], values: Values, zone: string): PlanLine[] {
  const due_ms = values.due_ms ? noon(values.due_ms, zone) : 0;
  return shelves.flatMap(({ sku }): PlanLine[] => {
    const units = amount(values[`units ${sku}`] ?? "", "whole");
    return units === null ? [] : [{ sku, units, ...(due_ms && { due_ms }) }];
  });
}

/** What differs from what was told before; an emptied field takes it back. Pure. */
export function stockOf(skus: string[], told: Record<string, number>, values: Values): Record<string, number | null> {
  const changed = skus.map((sku): [string, number | null] => [sku, amount(values[`stock ${sku}`] ?? "", "whole")]);
  return Object.fromEntries(changed.filter(([sku, units]) => units !== (told[sku] ?? null)));
}

/** A button that opens a form below it, and what came of it last. */
function Opening({ label, came, children }: { label: string; came: Signal<string>; children: (leave: () => void) => ComponentChildren }) {
  const open = useSignal(false);
  const opener = useRef<HTMLButtonElement>(null);
  const leave = () => {
    open.value = false;
    opener.current?.focus();
  };
  const press = () => {
    came.value = "";
    if (open.value) leave();
    else open.value = true;
  };
  return (
    <div class="opening">
      <button ref={opener} type="button" aria-expanded={open.value} onClick={press}>
        {label}
      </button>
      <p class="note" role="status">
        {came.value}
      </p>
      {open.value && children(leave)}
    </div>
  );
}

/** For the shelves about which the same side decides: a plan may not be about both, for it becomes one order. */
export function Planning({ shelves, decider }: { shelves: PortalShelf[]; decider: "site" | "supplier" }) {
  const came = useSignal("");
  const send = async (values: Values, key: string) => {
    const lines = planLines(shelves, values, timezone.value);
    if (!lines.length) {
      came.value = say("portal.plan_empty");
      return;
    }
    const made = await plan(lines, key);
    came.value = made.state === "draft" ? say("portal.plan_waits") : say("portal.plan_made", { id: made.id });
    refreshed();
  };
  const label = say(`portal.plan_${decider}`);
  return (
    <Opening label={label} came={came}>
      {(leave) => (
        <>
          {decider === "site" && <p class="note">{say("portal.plan_approved")}</p>}
          <Form label={label} fields={planFields(shelves, now.value, timezone.value)} submit={say("portal.plan_send")} send={send} done={leave} close={leave} />
        </>
      )}
    </Opening>
  );
}

export function Having({ told }: { told: Portal }) {
  const came = useSignal("");
  const skus = [...new Set([...Object.keys(told.names), ...Object.keys(told.stock)])].sort((a, b) => skuName(a).localeCompare(skuName(b)));
  const fields = skus.map((sku): Field => ({ name: `stock ${sku}`, label: skuName(sku), kind: "whole", least: 0, value: String(told.stock[sku] ?? "") }));
  const send = async (values: Values, key: string) => {
    const { not_offered } = await stock(stockOf(skus, told.stock, values), key);
    came.value = not_offered.length ? say("portal.not_offered", { names: not_offered.map(skuName).join(", ") }) : say("portal.stock_noted");
    refreshed();
  };
  const known = skus.filter((sku) => told.stock[sku] !== undefined);
  return (
    <>
      {known.length ? (
        <ul class="places told">
          {known.map((sku) => (
            <li key={sku}>
              <span>{skuName(sku)}</span>
              {(told.stock_ms[sku] ?? 0) > 0 && (
                <span class="note">
                  {say("portal.stock_since")} <Since at={told.stock_ms[sku]!} />
                </span>
              )}
              <b>{number(told.stock[sku]!)}</b>
            </li>
          ))}
        </ul>
      ) : (
        <p class="calm">{say("portal.stock_none")}</p>
      )}
      {skus.length > 0 && (
        <Opening label={say("portal.stock_tell")} came={came}>
          {(leave) => (
            <>
              <p class="note">{say("portal.stock_how")}</p>
              <Form label={say("portal.stock_tell")} fields={fields} submit={say("portal.stock_send")} send={send} done={leave} close={leave} />
            </>
          )}
        </Opening>
      )}
    </>
  );
}
