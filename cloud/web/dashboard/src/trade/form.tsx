// A small form: says of each field what is wrong and what would be right, and sends once however often it is pressed.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import type { Said } from "../api";
import { type Field, flaw, type Flaw } from "../core/forms";
import { English } from "../ui/english";
import { number, say } from "../words/words";
import { CALM, useWish, type Wish } from "./wish";

export type Values = Record<string, string>;

interface Sheet {
  label: string;
  fields: Field[];
  submit: string;
  /** Throws `Refused` when the service says no. */
  send: (values: Values, key: string) => Promise<unknown>;
  /** Reasons of refusals that a person may overrule: `values.anyway` is then set. */
  overruled?: string[];
  /** What is strange about what was entered, in words, "" where nothing is: then it is asked once more before it is sent.
   *  `before`: it was entered before `about` became what it is. */
  doubt?: (values: Values, before: boolean) => string;
  /** What it is about, as it was seen: of another one, what was said of the former is over. */
  about?: unknown;
  /** A second way to send it, with these values instead of what was entered. */
  also?: { label: string; values: Values };
  /** What is entered in other ways than by a field, and where: it is part of the wish. */
  besides?: Values;
  children?: ComponentChildren;
  /** It stands there from the start, so it does not take the focus. */
  still?: boolean;
  /** What its buttons are about, for who does not see it. */
  described?: string;
  done?: () => void;
  close?: () => void;
}

/** Which field a refusal is about, by its reason, where the service does not say. */
const ABOUT: Record<string, string> = {
  untitled: "title", window: "until", comment: "comment",
  no_reason: "note", suspended: "supplier", no_offer: "sku", unknown_sku: "sku", sku_twice: "sku", price: "unit_price", due: "due_ms", dates_only: "due_ms",
  units: "units", no_units: "units", more_than_ordered: "units", below_received: "units", expiry: "expiry", lot: "lot", unknown_lot: "lot", mark: "value",
  unknown_supplier: "supplier", needs_supplier: "supplier", only_suppliers: "role", name_taken: "name", bad_name: "name",
  outside: "units", not_a_lot: "units", not_yours: "units", no_bounds: "units", key_used: "key", date: "due_ms",
};

export function Form({ label, fields, submit, send, overruled, doubt, about, also, besides, children, still, described, done, close }: Sheet) {
  const given = useSignal<Values>({});
  const wrong = useSignal<Record<string, string>>({});
  const [wish, make] = useWish();
  const doubted = useSignal("");
  /** What the service said is of what stands in the fields now. */
  const asSent = useSignal(false);
  const home = useRef<HTMLFormElement>(null);
  const seen = useRef(about);
  /** What was entered as it came to be about another one. */
  const earlier = useRef<Values | null>(null);
  useLayoutEffect(() => {
    if (seen.current === about) return;
    [seen.current, earlier.current] = [about, given.value];
    [wish.value, wrong.value, doubted.value, asSent.value] = [CALM, {}, "", false];
  }, [about]);
  const prefix = useId();
  const value = (field: Field) => given.value[field.name] ?? field.value ?? "";
  useLayoutEffect(() => (still ? undefined : home.current?.querySelector<HTMLElement>("input, select, textarea")?.focus()), []);
  const point = (name: string) => queueMicrotask(() => home.current?.querySelector<HTMLElement>(`[name="${name}"]`)?.focus());

  const enter = async (instead: Values = {}, sure = false) => {
    asSent.value = false;
    const found = fields.map((field) => [field, flaw(field, value(field))] as const).filter(([, one]) => one);
    wrong.value = Object.fromEntries(found.map(([field, one]) => [field.name, worded(field, one!)]));
    if (found.length) return point(found[0]![0].name);
    const values: Values = { ...Object.fromEntries(fields.map((field) => [field.name, value(field).trim()])), ...besides, ...instead };
    doubted.value = (!sure && doubt?.(values, earlier.current === given.value && Object.keys(given.value).length > 0)) || "";
    if (doubted.value) return;
    if (await make(values, (key) => send(values, key))) return done?.();
    asSent.value = true;
    const at = wish.value.said && concerned(wish.value.said);
    if (at) {
      wrong.value = { [at.name]: wish.value.trouble };
      point(at.name);
    }
  };
  const concerned = ({ field, reason, detail }: Said): Field | undefined => {
    const name = field || ABOUT[reason];
    const likely = fields.filter((one) => name && (one.name === name || one.name.startsWith(`${name} `)));
    return likely.find((one) => detail.includes(one.name.slice(one.name.indexOf(" ") + 1))) ?? likely[0];
  };
  const refused = wish.value.said;
  const overrulable = asSent.value && refused !== null && overruled?.includes(refused.reason);
  const shownAt = refused && concerned(refused);
  return (
    <form
      ref={home}
      class="sheetlet"
      aria-label={label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
      onKeyDown={(event) => event.key === "Escape" && close && !event.isComposing && (event.stopPropagation(), close())}
    >
      <div class="fields">
        {fields.map((field) => {
          const id = `${prefix}-${field.name.replace(/\W/g, "_")}`;
          const trouble = wrong.value[field.name];
          const shared = {
            id,
            name: field.name,
            value: value(field),
            "aria-invalid": trouble ? true : undefined,
            "aria-describedby": trouble || field.hint ? `${id}-said` : undefined,
            "aria-required": field.needed ? true : undefined,
            onInput: (event: { currentTarget: { value: string } }) => ((given.value = { ...given.value, [field.name]: event.currentTarget.value }), (doubted.value = ""), (asSent.value = false)),
          };
          return (
            <div key={field.name} class={`field ${field.kind} ${trouble ? "wrong" : ""}`}>
              <label for={id}>{field.label}</label>
              {field.kind === "choice" ? (
                <select {...shared}>
                  {field.choices?.map(([one, words]) => (
                    <option key={one} value={one}>
                      {words}
                    </option>
                  ))}
                </select>
              ) : field.kind === "date" ? (
                <input {...shared} type="date" min={field.from} />
              ) : field.kind === "moment" ? (
                <input {...shared} type="datetime-local" min={field.from} />
              ) : field.kind === "prose" ? (
                <textarea {...shared} rows={3} />
              ) : (
                <input {...shared} type="text" inputMode={field.kind === "whole" ? "numeric" : field.kind === "money" ? "decimal" : undefined} autocomplete="off" />
              )}
              <span id={`${id}-said`} class={trouble ? "trouble" : "note"} role={trouble ? "alert" : undefined}>
                {trouble ?? field.hint}
                {trouble && trouble === wish.value.trouble && <English text={wish.value.english} />}
              </span>
            </div>
          );
        })}
      </div>
      {children}
      <p class="trouble" role="status">
        {doubted.value}
        {!doubted.value && !Object.values(wrong.value).some(Boolean) && !(shownAt && wrong.value[shownAt.name]) && <Trouble wish={wish.value} />}
      </p>
      <div class="acts">
        <button type="submit" class="main" aria-disabled={wish.value.busy} aria-label={described && `${submit}: ${described}`}>
          {wish.value.busy ? say("wish.sending") : submit}
        </button>
        {(doubted.value || overrulable) && (
          <button type="button" aria-disabled={wish.value.busy} onClick={() => void enter(overrulable ? { anyway: "yes" } : {}, true)}>
            {say("form.anyway")}
          </button>
        )}
        {also && (
          <button type="button" aria-disabled={wish.value.busy} aria-label={described && `${also.label}: ${described}`} onClick={() => void enter(also.values)}>
            {also.label}
          </button>
        )}
        {close && (
          <button type="button" onClick={close}>
            {say("form.leave")}
          </button>
        )}
      </div>
    </form>
  );
}

/** Which field, why, and what would be right. */
export function worded({ label }: Field, { code, least, most, from, readings }: Flaw): string {
  const shown = (one: number | undefined) => (one === undefined ? "" : number(one, 2));
  return say(`form.${code}`, { label, least: shown(least), most: shown(most), from: from ?? "", ...readings });
}

/** After something was done, its row may leave and another take its place: the rest of a double tap must not hit that. */
export const DOUBLE_TAP_MS = 500;
let done_at = -Infinity;

/** Of what may be pressed twice by mistake: the second time does nothing. True: it was done. */
export async function once(act: () => Promise<boolean>): Promise<boolean> {
  if (performance.now() - done_at <= DOUBLE_TAP_MS || !(await act())) return false;
  done_at = performance.now();
  return true;
}

/** A button that does one thing at once. */
export function Act({ label, described, main, act }: { label: string; described?: string; main?: boolean; act: (key: string) => Promise<unknown> }) {
  const [wish, make] = useWish();
  const press = () => once(() => make(described ?? label, act));
  return (
    <span class="act">
      <button type="button" class={main ? "main" : ""} aria-label={described} aria-disabled={wish.value.busy} onClick={() => void press()}>
        {wish.value.busy ? say("wish.sending") : label}
      </button>
      <span class="trouble" role="status">
        <Trouble wish={wish.value} />
      </span>
    </span>
  );
}

/** Why a wish was not granted: in words, and small below it what the service says itself. */
export function Trouble({ wish: { trouble, english } }: { wish: Wish }) {
  return trouble ? (
    <>
      {trouble}
      <English text={english} />
    </>
  ) : null;
}
