// A thing of the site as a form: every problem at its field, and nothing typed is lost when somebody else was first.
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Refused } from "../api";
import { useWish } from "../trade/wish";
import type { FieldView, SiteFlaw, SiteTable, SiteThing } from "../types_site";
import { Since } from "../ui/panel";
import { known, number, say, word } from "../words/words";
import { add, change, more, type Table, thing } from "./api";
import { Flaw, General } from "./flaws";
import { changes, fieldOf, grown, shown, type Texts, typed, unclear } from "./texts";

/** Those that most people ask for first; all others are behind "more". */
const FIRST: Record<Table, string[]> = {
  zones: ["id", "name", "min_c", "max_c", "min_pct", "max_pct", "storage"],
  racks: ["id", "zone", "name", "bays", "levels"],
  slots: ["id", "sku", "zone", "device", "channel", "capacity", "tare_g", "rack", "bay", "level"],
  skus: ["id", "name", "unit_mass_g", "gtin", "unit_cost", "lead_time_days", "moq", "pack", "storage", "discontinued"],
  devices: ["id", "kind", "zone", "name", "role"],
};
const LISTED_MAX = 60;

export type Choices = Record<string, string[]>;

interface Sheet {
  table: SiteTable;
  /** null: a new one. */
  one: SiteThing | null;
  /** What stands in a new one at first. */
  begin?: Texts;
  choices: Choices;
  done: (saved: SiteThing) => void;
  close: () => void;
}

export function ThingForm({ table: { table, fields }, one, begin = {}, choices, done, close }: Sheet) {
  const base = useSignal(one);
  const texts = useSignal<Texts>(begin);
  const flaws = useSignal<SiteFlaw[]>([]);
  const holding = useSignal(false);
  const doubted = useSignal("");
  const theirs = useSignal<{ by: string; at_ms: number; now: SiteThing } | null>(null);
  const [wish, make] = useWish();
  const home = useRef<HTMLFormElement>(null);
  const details = useRef<HTMLDetailsElement>(null);
  const all = typed(fields);
  const before = base.value?.values ?? {};
  const at = (name: string) => flaws.value.filter((flaw) => fieldOf(flaw.pointer) === name);
  const text = (field: FieldView) => texts.value[field.name] ?? shown(field, before);
  useLayoutEffect(() => home.current?.querySelector<HTMLElement>("input:not([readonly]), select")?.focus(), []);

  const point = () => {
    const name = [...first, ...rest].map((field) => field.name).find((field) => at(field).length);
    if (name && !FIRST[table].includes(name)) details.current?.setAttribute("open", "");
    queueMicrotask(() => home.current?.querySelector<HTMLElement>(name ? `[name="${name}"]` : ".general")?.focus());
  };
  const enter = async (insist = false, sure = insist) => {
    const values = changes(fields, base.value?.values ?? {}, texts.value); // of before, or what somebody else made of it since
    if (base.value && !Object.keys(values).length) return close();
    flaws.value = unclear(fields, texts.value);
    if (flaws.value.length) return point();
    doubted.value = sure ? "" : grown(before, values).map(({ name, from, to }) => say("site.grown", { name: word("sf", name), from: number(from), to: number(to) })).join(" ");
    if (doubted.value) return;
    let saved: SiteThing | undefined;
    const tried = await make({ values, insist, tag: base.value?.tag }, async (key) => {
      try {
        saved = base.value ? await change(table, base.value.id, values, insist, key, base.value.tag) : await add(table, values, insist, key);
      } catch (error) {
        if (error instanceof Refused) {
          const { errors, by, changed_ms } = more(error);
          holding.value = error.said.reason === "still_holds";
          flaws.value = errors?.filter((flaw) => flaw.code) ?? [];
          if (error.status === 412) theirs.value = { by: by ?? "", at_ms: changed_ms ?? 0, now: await thing(table, base.value!.id) };
        }
        throw error;
      }
    });
    if (tried && saved) return done(saved);
    point();
  };
  const over = () => {
    base.value = theirs.value!.now;
    theirs.value = null;
    void enter(false, true);
  };
  const take = () => {
    base.value = theirs.value!.now;
    texts.value = {};
    theirs.value = null;
    flaws.value = [];
  };
  const field = (one: FieldView) => (
    <FieldOf key={one.name} field={one} text={text(one)} had={shown(one, before)} fixed={one.name === "id" && base.value !== null} wrong={at(one.name)} choices={choices[`${table}.${one.name}`] ?? choices[one.of]} type={(given) => ((texts.value = { ...texts.value, [one.name]: given }), (doubted.value = ""))} />
  );
  const [first, rest] = [FIRST[table].flatMap((name) => all.filter((one) => one.name === name)), all.filter((one) => !FIRST[table].includes(one.name))];
  const shownFlaws = flaws.value.filter((flaw) => holding.value || !all.some((one) => one.name === fieldOf(flaw.pointer)));
  return (
    <form ref={home} class="sheetlet" noValidate aria-label={base.value?.id ?? say(`site.new.${table}`)} onSubmit={(event) => (event.preventDefault(), void enter())} onKeyDown={(event) => event.key === "Escape" && !event.isComposing && (event.stopPropagation(), close())}>
      <div class="fields">{first.map(field)}</div>
      {rest.length > 0 && (
        <details ref={details} class="more-fields">
          <summary><i class="unfold" aria-hidden="true" /> {say("site.more_fields")}</summary>
          <div class="fields">{rest.map(field)}</div>
        </details>
      )}
      {theirs.value && <Theirs {...theirs.value} fields={all} before={before} over={over} take={take} />}
      <div class={`general trouble ${holding.value ? "holding" : ""}`} role="status" tabIndex={-1}>
        {doubted.value && <p>{doubted.value}</p>}
        {holding.value && <p>{say("site.holds")}</p>}
        {!theirs.value && (wish.value.trouble || wish.value.english) && (shownFlaws.length > 0 || !flaws.value.length) && <General wish={wish.value} flaws={shownFlaws} />}
        {!theirs.value && flaws.value.length > 0 && !shownFlaws.length && <p>{say("site.see_fields")}</p>}
      </div>
      <div class="acts">
        {!theirs.value && <button type="submit" class="main" aria-disabled={wish.value.busy}>{wish.value.busy ? say("wish.sending") : say(base.value ? "site.save" : "site.add")}</button>}
        {doubted.value && <button type="button" onClick={() => void enter(false, true)}>{say("form.anyway")}</button>}
        {holding.value && <button type="button" onClick={() => void enter(true)}>{say("site.insist")}</button>}
        <button type="button" onClick={close}>{say("form.leave")}</button>
      </div>
    </form>
  );
}

/** Somebody else was first: who, when, what it is now; what was typed stands above as it was. */
function Theirs({ by, at_ms, now, fields, before, over, take }: { by: string; at_ms: number; now: SiteThing; fields: FieldView[]; before: Record<string, unknown>; over: () => void; take: () => void }) {
  const differs = fields.filter((one) => shown(one, now.values) !== shown(one, before));
  return (
    <div class="theirs" role="alert">
      <p>
        <strong>{by ? say("site.changed_by", { by }) : say("site.changed")}</strong> {at_ms > 0 && <Since at={at_ms} />} {say("site.kept_yours")}
      </p>
      <ul>
        {differs.map((one) => <li key={one.name}>{word("sf", one.name)}: <s>{shown(one, before) || "–"}</s> → <b>{shown(one, now.values) || "–"}</b></li>)}
      </ul>
      <div class="acts">
        <button type="button" class="main" onClick={over}>{say("site.over")}</button>
        <button type="button" onClick={take}>{say("site.take_theirs")}</button>
      </div>
    </div>
  );
}

function FieldOf({ field, text, had, fixed, wrong, choices, type }: { field: FieldView; text: string; had: string; fixed: boolean; wrong: SiteFlaw[]; choices: string[] | undefined; type: (text: string) => void }) {
  const id = useId();
  const shared = {
    id, name: field.name, value: text,
    "aria-invalid": wrong.length ? true : undefined,
    "aria-describedby": `${id}-said`,
    "aria-required": field.needed ? true : undefined,
    onInput: (event: { currentTarget: { value: string } }) => type(event.currentTarget.value),
  };
  const usual = field.default === null || field.default === "" || (typeof field.default === "object") ? "" : String(field.default);
  const options = field.kind === "flag" ? ["true", "false"] : field.kind === "choice" ? field.choices.filter(Boolean) : choices && choices.length <= LISTED_MAX ? choices : null;
  const named = (value: string) => (field.kind === "flag" ? say(value === "true" ? "site.yes" : "site.no") : known(`sc.${field.name}`, value) ? word(`sc.${field.name}`, value) : value);
  const label = word("sf", field.name);
  const emptied = !text.trim() && had !== "" && usual !== "" && had !== usual;
  const unfixed = options && !fixed;
  return (
    <div class={`field ${wrong.length ? "wrong" : ""}`}>
      <label for={id}>{label}{field.needed && <span class="needed" aria-hidden="true"> *</span>}</label>
      {unfixed ? (
        <select {...shared}>
          {(!field.needed || !text) && <option value="">{usual ? say("site.usual", { value: named(usual) }) : "–"}</option>}
          {text && !options.includes(text) && <option value={text}>{text}</option>}
          {options.map((one) => <option key={one} value={one}>{named(one)}</option>)}
        </select>
      ) : (
        <>
          <input {...shared} type="text" readOnly={fixed} autocomplete="off" spellcheck={false} placeholder={usual} inputMode={field.kind === "whole" ? "numeric" : field.kind === "number" ? "decimal" : undefined} list={choices ? `${id}-list` : undefined} />
          {choices && !fixed && <datalist id={`${id}-list`}>{choices.map((one) => <option key={one} value={one} />)}</datalist>}
        </>
      )}
      <span id={`${id}-said`} class={wrong.length ? "trouble" : "note"}>
        {wrong.length ? wrong.map((one, n) => <span key={n}><Flaw one={one} /> </span>) : emptied ? say("site.emptied", { value: named(usual) }) : known("sh", field.name) && !fixed ? word("sh", field.name) : ""}
      </span>
    </div>
  );
}
