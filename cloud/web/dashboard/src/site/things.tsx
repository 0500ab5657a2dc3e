// All zones, racks, slots, SKUs or devices: sought, added, changed, removed. Its address names the one that is open.
import { useSignal } from "@preact/signals";
import { Refused } from "../api";
import { may, skuName } from "../state";
import { useAsked } from "../trade/asked";
import { useWish } from "../trade/wish";
import type { SiteFlaw, SiteState, SiteTable, SiteThing } from "../types_site";
import { Panel, Since } from "../ui/panel";
import { known, number, say, word } from "../words/words";
import { more, remove, sheetOf, table as askTable, type Table } from "./api";
import { General } from "./flaws";
import { type Choices, ThingForm } from "./thing";

const AT_ONCE = 60;
const go = (table: Table, id = "") => (location.hash = `#/site/${table}${id && `/${encodeURIComponent(id)}`}`);

/** What there is to choose from in fields that name something else. */
export function useChoices(revision: string): Choices {
  const [asked] = useAsked(`choices ${revision}`, async () => {
    const [zones, racks, skus, devices] = await Promise.all((["zones", "racks", "skus", "devices"] as const).map(askTable));
    const ids = (one: SiteTable, kind = "") => one.items.filter(({ values }) => !kind || values.kind === kind).map(({ id }) => id);
    return { zones: ids(zones!), racks: ids(racks!), skus: ids(skus!), "slots.device": ids(devices!, "shelf"), "slots.reader": ids(devices!, "rfid") };
  });
  return asked.value.value ?? {};
}

export function Things({ table, open, site, changed }: { table: Table; open: string; site: SiteState; changed: () => void }) {
  const [asked, again] = useAsked(`site ${table} ${site.revision}`, () => askTable(table));
  const choices: Choices = { ...useChoices(site.revision), sources: site.sources };
  const sought = useSignal("");
  const shown = useSignal(AT_ONCE);
  const said = useSignal("");
  const { value, failed } = asked.value;
  const text = sought.value.trim().toLowerCase();
  const found = value?.items.filter((one) => !text || JSON.stringify(Object.values(one.values)).toLowerCase().includes(text)) ?? [];
  const admin = may("govern");
  const done = (words: string) => {
    said.value = words;
    go(table);
    again();
    changed();
  };
  return (
    <Panel
      name={`site-${table}`}
      title={word("site.tab", table)}
      aside={
        <span class="acts">
          <a class="button" href={sheetOf(table)} download={`${table}.csv`}>{say("site.csv")}</a>
          {admin && <button type="button" aria-expanded={open === "+"} onClick={() => go(table, open === "+" ? "" : "+")}>{say(`site.new.${table}`)}</button>}
        </span>
      }
      foot={found.length > shown.value && <button type="button" onClick={() => (shown.value += AT_ONCE)}>{say("site.show_more", { n: number(found.length - shown.value) })}</button>}
    >
      <search class="site-search">
        <input type="search" aria-label={say("site.search")} placeholder={say("site.search")} value={sought.value} onInput={(event) => ((sought.value = event.currentTarget.value), (shown.value = AT_ONCE))} />
        <span class="note" role="status">{said.value || (text && say("site.found", { n: number(found.length) }))}</span>
      </search>
      {open === "+" && admin && value && <div class="padded"><ThingForm table={value} one={null} choices={choices} done={(one) => done(say("site.added", { id: one.id }))} close={() => go(table)} /></div>}
      {!value && <p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p>}
      {value && !value.items.length && <p class="calm">{say("site.none")}</p>}
      <ul class="rows">
        {found.slice(0, shown.value).map((one) => (
          <Row key={one.id} of={value!} one={one} open={open === one.id} choices={choices} done={done} />
        ))}
        {open && open !== "+" && value && !found.slice(0, shown.value).some((one) => one.id === open) && value.items.filter((one) => one.id === open).map((one) => <Row key={one.id} of={value} one={one} open choices={choices} done={done} />)}
      </ul>
    </Panel>
  );
}

function Row({ of, one, open, choices, done }: { of: SiteTable; one: SiteThing; open: boolean; choices: Choices; done: (words: string) => void }) {
  const removing = useSignal(false);
  const { table } = of;
  const name = typeof one.values.name === "string" ? one.values.name : "";
  const admin = may("govern");
  return (
    <li>
      <div class="what">
        <span><strong>{one.id}</strong> {name}</span>
        <span class="note">{facts(table, one.values).join(" · ")}{one.at_ms > 0 && <> · {say("site.by", { by: one.by })} <Since at={one.at_ms} /></>}</span>
      </div>
      {admin && (
        <div class="acts">
          <button type="button" aria-expanded={open} aria-label={`${say("site.edit")}: ${one.id}`} onClick={() => ((removing.value = false), go(table, open ? "" : one.id))}>{say("site.edit")}</button>
          <button type="button" class="shy" aria-expanded={removing.value} aria-label={`${say("site.remove")}: ${one.id}`} onClick={() => (removing.value = !removing.value)}>{say("site.remove")}</button>
        </div>
      )}
      {open && admin && <ThingForm table={of} one={one} choices={choices} done={() => done(say("site.saved", { id: one.id }))} close={() => go(table)} />}
      {removing.value && <Remove table={table} one={one} done={() => done(say("site.removed", { id: one.id }))} close={() => (removing.value = false)} />}
    </li>
  );
}

function Remove({ table, one, done, close }: { table: Table; one: SiteThing; done: () => void; close: () => void }) {
  const [wish, make] = useWish();
  const flaws = useSignal<SiteFlaw[]>([]);
  const holds = useSignal(false);
  const go = async (insist: boolean) => {
    const gone = await make({ insist }, async (key) => {
      try {
        await remove(table, one.id, insist, key, one.tag);
      } catch (error) {
        if (error instanceof Refused) {
          flaws.value = more(error).errors?.filter((flaw) => flaw.code) ?? [];
          holds.value = error.said.reason === "still_holds";
        }
        throw error;
      }
    });
    if (gone) done();
  };
  return (
    <form class="sheetlet" aria-label={`${say("site.remove")}: ${one.id}`} onSubmit={(event) => (event.preventDefault(), void go(holds.value))} onKeyDown={(event) => event.key === "Escape" && close()}>
      <p>{say("site.remove_why", { id: one.id })}</p>
      <div class="general trouble" role="status">
        {holds.value && <p>{say("site.holds")}</p>}
        <General wish={wish.value} flaws={flaws.value} />
      </div>
      <div class="acts">
        <button type="submit" class="main" aria-disabled={wish.value.busy}>{say(holds.value ? "site.insist" : "site.remove_now", { id: one.id })}</button>
        <button type="button" onClick={close}>{say("form.leave")}</button>
      </div>
    </form>
  );
}

/** What of a thing is worth a look. */
function facts(table: Table, values: SiteThing["values"]): string[] {
  const text = (name: string) => (values[name] === null || values[name] === undefined ? "" : String(values[name]));
  const n = (name: string, digits = 3) => (typeof values[name] === "number" ? number(values[name], digits) : "");
  const told: Record<Table, string[]> = {
    zones: [range(values, "min_c", "max_c", "°C"), range(values, "min_pct", "max_pct", "%"), text("storage"), values.area ? say("site.on_plan") : ""],
    racks: [text("zone"), say("site.bays", { bays: n("bays"), levels: n("levels") }), values.area ? say("site.on_plan") : ""],
    slots: [skuName(text("sku")), text("zone"), `${text("device")} / ${text("channel")}`, say("site.fits", { n: n("capacity") }), text("rack") && say("site.at", { rack: text("rack"), bay: n("bay"), level: n("level") })],
    skus: [`${n("unit_mass_g")} g`, text("gtin"), values.discontinued ? say("site.discontinued") : ""],
    devices: [known("sc.kind", text("kind")) ? word("sc.kind", text("kind")) : text("kind"), text("zone"), text("role") && word("sc.role", text("role"))],
  };
  return told[table].filter(Boolean);
}

function range(values: SiteThing["values"], low: string, high: string, unit: string): string {
  const [least, most] = [values[low], values[high]];
  if (typeof least !== "number" && typeof most !== "number") return "";
  return `${typeof least === "number" ? number(least, 1) : "…"} – ${typeof most === "number" ? number(most, 1) : "…"} ${unit}`;
}
