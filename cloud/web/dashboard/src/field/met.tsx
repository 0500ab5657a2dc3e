// Who speaks and has no place; who is enrolled where, or waits for that; who was refused.
import { useSignal } from "@preact/signals";
import type { DeviceCard, Enrolment, Field, FieldDeed, Met } from "../types_field";
import { figure, number, quantity, say, word } from "../words/words";
import { Panel, Since } from "../ui/panel";
import { reason } from "../gate/asked";
import { useEvery } from "./every";
import { allCards, type Gate } from "./gate";

const AGAIN_MS = 5000;
const SAYS_SHOWN = 4;
/** The last part of a quantity's name is its unit. */
const UNITS: Record<string, string> = { g: "g", c: "Cel", pct: "%", hpa: "hPa", w: "W", v: "V", a: "A", hz: "Hz", s: "mm/s", dbm: "dBm" };

export function MetPage({ gate, may }: { gate: Gate; may: boolean }) {
  const told = useSignal<Field | null>(null);
  const places = useSignal<DeviceCard[]>([]);
  /** Who stands where has not changed since it was asked. */
  const known = useSignal(false);
  const failed = useSignal("");
  const said = useSignal("");
  const busy = useSignal(false);
  useEvery(AGAIN_MS, gate.id, async () => {
    try {
      told.value = await gate.field();
      if (!known.peek()) {
        places.value = await allCards(gate);
        known.value = true;
      }
      failed.value = "";
    } catch (error) {
      failed.value = reason(error, gate.id);
    }
  });
  const act = async (deed: FieldDeed) => {
    if (busy.value) return;
    busy.value = true;
    said.value = say("shelf.working");
    try {
      told.value = await gate.act(deed);
      known.value = false;
      said.value = say(`met.done.${deed.do}`);
    } catch (error) {
      said.value = reason(error, gate.id);
    } finally {
      busy.value = false;
    }
  };
  const field = told.value;
  if (!field) return <p class="calm" role="status">{failed.value || say("why.asking")}</p>;
  return (
    <>
      <p class="on-field" role="status">{said.value || failed.value}</p>
      {field.enrolments.length > 0 && (
        <Panel name="enrolments" title={say("met.enrolments")}>
          <ul class="rows">{field.enrolments.map((one) => <Enrolled key={one.device} one={one} kind={places.value.find(({ id }) => id === one.device)?.kind} may={may} act={act} />)}</ul>
        </Panel>
      )}
      <Panel name="strangers" title={say("met.title")} foot={<p class="note">{say("met.limit", { n: number(field.strangers_max), shown: number(field.told_max) })}</p>}>
        {field.strangers.length === 0 && <p class="calm">{say("met.nobody")}</p>}
        <ul class="rows">{field.strangers.map((one) => <Stranger key={`${one.source} ${one.address}`} one={one} places={places.value} may={may} act={act} />)}</ul>
      </Panel>
      {field.refused.length > 0 && (
        <Panel name="refused" title={say("met.refused")} foot={<p class="note">{say("met.limit", { n: number(field.refused_max), shown: number(field.told_max) })}</p>}>
          <ul class="rows">
            {field.refused.map((one) => (
              <li key={`${one.source} ${one.address}`}>
                <div class="what">
                  <b>{one.address}</b>
                  <span class="note">{say("met.refused_by", { by: one.refused_by || say("met.here") })} <Since at={one.refused_ms} />{one.why && ` · ${one.why}`} · {say("met.spoke")} <Since at={one.at_ms} /></span>
                </div>
                {may && <button type="button" onClick={() => void act({ do: "admit", source: one.source, address: one.address })}>{say("met.admit")}</button>}
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

type Act = (deed: FieldDeed) => Promise<void>;

function Enrolled({ one, kind, may, act }: { one: Enrolment; kind: DeviceCard["kind"] | undefined; may: boolean; act: Act }) {
  const sure = useSignal(false);
  return (
    <li>
      <div class="what">
        <b>{one.device} ← {one.address}</b>
        <span class="note">
          {one.approved_ms ? <>{say("met.approved", { by: one.approved_by || say("met.here") })} <Since at={one.approved_ms} /></> : <>{say("met.waits", { by: one.asked_by || say("met.here") })} <Since at={one.asked_ms} /></>}
          {one.source && ` · ${one.source}`}
        </span>
        {!one.approved_ms && <span>{one.was ? replaces(one.device, one.was, kind) : say("met.first", { device: one.device })}</span>}
      </div>
      {may && (
        <p class="taps">
          {!one.approved_ms && <button type="button" onClick={() => void act({ do: "approve", device: one.device })}>{say("met.approve")}</button>}
          {sure.value ? (
            <>
              {say("met.release_sure")} <button type="button" onClick={() => void act({ do: "release", device: one.device })}>{say("met.release_yes")}</button>
              <button type="button" onClick={() => (sure.value = false)}>{say("shelf.cancel")}</button>
            </>
          ) : (
            <button type="button" onClick={() => (one.approved_ms ? (sure.value = true) : void act({ do: "release", device: one.device }))}>{say(one.approved_ms ? "met.release" : "met.drop")}</button>
          )}
        </p>
      )}
    </li>
  );
}

function Stranger({ one, places, may, act }: { one: Met; places: DeviceCard[]; may: boolean; act: Act }) {
  const open = useSignal<"" | "enrol" | "refuse">("");
  const place = useSignal("");
  const why = useSignal("");
  const fits = places.filter(({ kind }) => !one.fits.length || one.fits.includes(kind));
  const free = (card: DeviceCard): boolean => card.state === "unseen";
  const choice = [...fits].sort((a, b) => Number(free(b)) - Number(free(a)) || a.id.localeCompare(b.id));
  const chosen = choice.find(({ id }) => id === place.value);
  const at = { source: one.source, address: one.address };
  return (
    <li>
      <div class="what">
        <b>{one.address || one.source}</b>
        <span class="note">{one.kind ? word("kind", one.kind) : say("met.unknown_kind")}{one.source && ` · ${one.source}`} · {one.messages === 1 ? say("met.once") : say("met.times", { n: number(one.messages) })} · <Since at={one.at_ms} /></span>
        <span>{Object.entries(one.says).slice(0, SAYS_SHOWN).map(([name, value]) => `${word("reads", name)} ${shown(name, value)}`).join(" · ")}{one.channels.length > 1 && ` · ${say("met.channels", { list: one.channels.join(", ") })}`}</span>
      </div>
      {may && one.address && (
        <p class="taps">
          <button type="button" aria-expanded={open.value === "enrol"} onClick={() => (open.value = open.value === "enrol" ? "" : "enrol")}>{say("met.enrol")}</button>
          <button type="button" aria-expanded={open.value === "refuse"} onClick={() => (open.value = open.value === "refuse" ? "" : "refuse")}>{say("met.refuse")}</button>
        </p>
      )}
      {open.value === "enrol" && (
        <form class="run-form" onSubmit={(event) => (event.preventDefault(), place.value && void act({ do: "enrol", ...at, device: place.value }))}>
          <label>
            {say("met.place")}{" "}
            <select value={place.value} onChange={(event) => (place.value = event.currentTarget.value)}>
              <option value="">–</option>
              {choice.map((card) => (
                <option key={card.id} value={card.id}>{[card.id, card.name, card.slots.join(", "), say(free(card) ? "met.free" : "met.taken")].filter(Boolean).join(" · ")}</option>
              ))}
            </select>
          </label>
          {chosen && <p>{free(chosen) ? say("met.first", { device: chosen.id }) : replaces(chosen.id, chosen.address, chosen.kind)}</p>}
          <p class="note">{say(choice.length ? "met.plan" : "met.no_place")}</p>
          <button type="submit" aria-disabled={!place.value}>{say("met.enrol_now")}</button>
        </form>
      )}
      {open.value === "refuse" && (
        <form class="run-form" onSubmit={(event) => (event.preventDefault(), void act({ do: "refuse", ...at, why: why.value }))}>
          <label>{say("met.why")} <input maxLength={200} value={why.value} onInput={(event) => (why.value = event.currentTarget.value)} /></label>
          <button type="submit">{say("met.refuse_now")}</button>
        </form>
      )}
    </li>
  );
}

/** What a replacement keeps and asks for: only scales have slots to be tared. */
const replaces = (device: string, was: string, kind: DeviceCard["kind"] | undefined): string => `${say("met.replaces", { device, was })} ${say(kind === "shelf" ? "met.keeps_book" : "met.keeps")}`;

function shown(name: string, value: number): string {
  const unit = UNITS[name.split("_").at(-1) ?? ""];
  return unit ? quantity(value, unit) : figure(value);
}
