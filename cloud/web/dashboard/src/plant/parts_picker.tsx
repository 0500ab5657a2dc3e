// The parts an order wants: searched among the articles, each with what is there of it.
import { type Signal, useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { Refused } from "../api";
import { amount, type Field, flaw } from "../core/forms";
import { skuName, skus } from "../state";
import { worded } from "../trade/form";
import { number, say } from "../words/words";

/** Units as entered, by SKU. */
export type Parts = ReadonlyMap<string, string>;
const SHOWN_MAX = 6;
const UNITS_MAX = 99_999;

const fieldOf = (sku: string): Field => ({ name: sku, label: say("work.units_of", { name: skuName(sku) }), kind: "whole", needed: true, least: 1, most: UNITS_MAX });

/** How many of each. Throws `Refused` where that is not clear of one: its field says why. */
export function unitsOf(parts: Parts): { sku: string; units: number }[] {
  return [...parts].map(([sku, text]) => {
    if (flaw(fieldOf(sku), text)) throw new Refused(400, { reason: "part_units", detail: "", hint: "", field: "" });
    return { sku, units: amount(text, "whole")! };
  });
}

/** Articles whose name or number has the words in it; those of which there is something come first. Pure. */
export function found<T extends { id: string; name: string; available: number }>(all: Iterable<T>, text: string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const hit = [...all].filter((one) => words.every((word) => `${one.id} ${one.name}`.toLowerCase().includes(word)));
  return hit.sort((a, b) => Number(b.available > 0) - Number(a.available > 0) || a.name.localeCompare(b.name)).slice(0, SHOWN_MAX);
}

export function PartsPicker({ parts }: { parts: Signal<Parts> }) {
  const text = useSignal("");
  const id = useId();
  const search = useRef<HTMLInputElement>(null);
  const home = useRef<HTMLFieldSetElement>(null);
  const hits = found(skus.value.values(), text.value).filter((one) => !parts.value.has(one.id));
  const set = (sku: string, units: string | null) => {
    const all = new Map(parts.value);
    if (units === null) all.delete(sku);
    else all.set(sku, units);
    parts.value = all;
  };
  const add = (sku: string) => {
    set(sku, "1");
    text.value = "";
    queueMicrotask(() => home.current?.querySelector<HTMLInputElement>(`[data-sku="${CSS.escape(sku)}"]`)?.select());
  };
  return (
    <fieldset class="parts-picker" ref={home}>
      <legend>{say("work.parts")}</legend>
      {parts.value.size > 0 && (
        <ul>
          {[...parts.value].map(([sku, units]) => {
            const available = skus.value.get(sku)?.available ?? 0;
            const wrong = flaw(fieldOf(sku), units);
            const short = (amount(units, "whole") ?? 0) > available;
            return (
              <li key={sku}>
                <span class="what">
                  <strong>{skuName(sku)}</strong>
                  {wrong && <span id={`${id}-${sku}`} class="trouble" role="alert">{worded(fieldOf(sku), wrong)}</span>}
                  <span class={`note ${short ? "short" : ""}`}>{short ? say("work.part_short", { there: number(Math.max(0, available)) }) : say("work.part_there", { there: number(available) })}</span>
                </span>
                <input
                  data-sku={sku}
                  aria-label={say("work.units_of", { name: skuName(sku) })}
                  inputMode="numeric"
                  autocomplete="off"
                  value={units}
                  aria-invalid={wrong ? true : undefined}
                  aria-describedby={wrong ? `${id}-${sku}` : undefined}
                  onInput={(event) => set(sku, event.currentTarget.value)}
                />
                <button type="button" class="pen" aria-label={say("work.drop_part", { name: skuName(sku) })} onClick={() => (set(sku, null), search.current?.focus())}>
                  <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8" /></svg>
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <label for={id} class="note">{say("work.search_parts")}</label>
      <input
        ref={search}
        id={id}
        type="search"
        autocomplete="off"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) {
            event.preventDefault(); // it would send the form
            if (hits[0]) add(hits[0].id);
          } else if (event.key === "Escape" && text.value) {
            event.stopPropagation();
            text.value = "";
          }
        }}
      />
      {text.value.trim() && (
        <ul class="hits" aria-label={say("work.search_parts")}>
          {hits.map((one) => (
            <li key={one.id}>
              <button type="button" onClick={() => add(one.id)}>
                <span>
                  {one.name} <span class="note">{one.id}</span>
                </span>
                <span class="note">{say("work.part_there", { there: number(Math.max(0, one.available)) })}</span>
              </button>
            </li>
          ))}
          {!hits.length && <li class="note">{say("work.no_such_part")}</li>}
        </ul>
      )}
    </fieldset>
  );
}
