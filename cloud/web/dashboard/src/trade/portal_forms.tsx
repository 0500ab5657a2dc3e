// What a supplier tells from its portal beside its orders: what it plans to bring, and what it has.
import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { amount, dayOf, type Field, noon } from "../core/forms";
import { now, skuName } from "../state";
import { Since } from "../ui/panel";
import { number, say, timezone } from "../words/words";
import { Refused } from "../api";
import { type PlanLine, plan, stock } from "./api";
import { Form, type Values } from "./form";
import { Meanwhile } from "./meanwhile";
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
  return shelves.flatMap(({ sku, coming }): PlanLine[] => {
    const units = amount(values[`units ${sku}`] ?? "", "whole");
    return units === null ? [] : [{ sku, units, coming, ...(due_ms && { due_ms }) }];
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

/** What is filled in is about what was seen as it was opened: what became of that since is told, and the form stays. */
function AsSeen<T>({ now: shown, changes, children }: { now: T; changes: (seen: T, now: T) => string[]; children: (seen: T, meanwhile: ComponentChildren) => ComponentChildren }) {
  const seen = useSignal(shown);
  const found = changes(seen.value, shown);
  const meanwhile = found.length > 0 && (
    <Meanwhile told={say("form.meanwhile")} changes={found} goOn={() => (seen.value = shown)} />
  );
  return <>{children(seen.value, meanwhile)}</>;
}

/** The portal is not told by itself what others do: where that is why something was refused, it is asked for. */
async function asShown<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused && error.status === 409) refreshed();
    throw error;
  }
}

const fromTo = (from: number | undefined, to: number | undefined) => ({ from: from === undefined ? "–" : number(from), to: to === undefined ? "–" : number(to) });

/** Of which shelves something else is to come than was seen. */
function planned(seen: PortalShelf[], shelves: PortalShelf[]): string[] {
  const before = new Map(seen.map((one) => [one.sku, one.coming]));
  return shelves.filter(({ sku, coming }) => before.has(sku) && before.get(sku) !== coming).map(({ sku, name, coming }) => say("portal.coming_now", { name: name || sku, ...fromTo(before.get(sku), coming) }));
}

type Stock = Portal["stock"];

/** Of what another figure was told than was seen. */
function toldSince(seen: Stock, told: Stock): string[] {
  const skus = [...new Set([...Object.keys(seen), ...Object.keys(told)])];
  return skus.filter((sku) => seen[sku] !== told[sku]).map((sku) => say("portal.told_now", { name: skuName(sku), ...fromTo(seen[sku], told[sku]) }));
}

/** For the shelves about which the same side decides: a plan may not be about both, for it becomes one order. */
export function Planning({ shelves, decider }: { shelves: PortalShelf[]; decider: "site" | "supplier" }) {
  const came = useSignal("");
  const send = async (seen: PortalShelf[], values: Values, key: string) => {
    const lines = planLines(seen, values, timezone.value);
    if (!lines.length) {
      came.value = say("portal.plan_empty");
      return;
    }
    const made = await asShown(plan(lines, key));
    came.value = made.state === "draft" ? say("portal.plan_waits") : say("portal.plan_made", { id: made.id });
    refreshed();
  };
  const label = say(`portal.plan_${decider}`);
  return (
    <Opening label={label} came={came}>
      {(leave) => (
        <>
          {decider === "site" && <p class="note">{say("portal.plan_approved")}</p>}
          <AsSeen now={shelves} changes={planned}>
            {(seen, meanwhile) => (
              <Form label={label} fields={planFields(seen, now.value, timezone.value)} about={seen} submit={say("portal.plan_send")} send={(values, key) => send(seen, values, key)} done={leave} close={leave}>
                {meanwhile}
              </Form>
            )}
          </AsSeen>
        </>
      )}
    </Opening>
  );
}

export function Having({ told }: { told: Portal }) {
  const came = useSignal("");
  const skus = [...new Set([...Object.keys(told.names), ...Object.keys(told.stock)])].sort((a, b) => skuName(a).localeCompare(skuName(b)));
  const fields = (seen: Stock) => skus.map((sku): Field => ({ name: `stock ${sku}`, label: skuName(sku), kind: "whole", least: 0, value: String(seen[sku] ?? "") }));
  const send = async (seen: Stock, values: Values, key: string) => {
    const changed = stockOf(skus, seen, values);
    const before = Object.fromEntries(Object.keys(changed).map((sku) => [sku, seen[sku] ?? null]));
    const { not_offered } = await asShown(stock(changed, before, key));
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
              <AsSeen now={told.stock} changes={toldSince}>
                {(seen, meanwhile) => (
                  <Form label={say("portal.stock_tell")} fields={fields(seen)} about={seen} submit={say("portal.stock_send")} send={(values, key) => send(seen, values, key)} done={leave} close={leave}>
                    {meanwhile}
                  </Form>
                )}
              </AsSeen>
            </>
          )}
        </Opening>
      )}
    </>
  );
}
