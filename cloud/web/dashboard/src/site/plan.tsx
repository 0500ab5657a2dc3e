// The floor plan: rooms and racks drawn to scale, moved and drawn out by pointer, by keys or by numbers. What was moved
// is kept here until it is saved.
import { signal, useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { type Area, cells, extent, free, isSame, moved, sized, STEPS } from "../core/site_plan";
import { freshKey, Refused } from "../api";
import { amount, flaw, written } from "../core/forms";
import { may, session } from "../state";
import { useAsked } from "../trade/asked";
import { worded as fieldWords } from "../trade/form";
import { worded } from "../trade/wish";
import type { SiteFlaw, SiteThing } from "../types_site";
import { Panel } from "../ui/panel";
import { number, say, word } from "../words/words";
import { change, more, table } from "./api";
import { Flaws } from "./flaws";
import { Shelf } from "./shelf";

type Kind = "zones" | "racks";
const NEW: Record<Kind, { width_m: number; depth_m: number }> = { zones: { width_m: 8, depth_m: 5 }, racks: { width_m: 4, depth_m: 1 } };
const KEYS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const areaOf = (one: SiteThing): Area | null => (one.values.area as Area | null) ?? null;
const nameOf = (one: SiteThing): string => String(one.values.name || one.id);

/** What was moved and is not saved: by kind and id; null was taken off the plan. It stays while another page is shown. */
const drawn = signal<ReadonlyMap<string, Area | null>>(new Map());
/** The state of each thing that was moved, as it was then: who saves over another's is told. */
const tags = new Map<string, string>();
let whose = "";
const forget = () => ((drawn.value = new Map()), tags.clear());
addEventListener("beforeunload", (event) => drawn.value.size > 0 && session.value?.user === whose && event.preventDefault());

export function Plan({ changed }: { changed: () => void }) {
  const [asked, again] = useAsked("plan", async () => {
    const [zones, racks, slots] = await Promise.all((["zones", "racks", "slots"] as const).map(table));
    return { zones: zones!.items, racks: racks!.items, slots: slots!.items };
  });
  const me = session.value?.user ?? "";
  if (whose !== me) (whose = me), forget();
  const chosen = useSignal<{ kind: Kind; id: string } | null>(null);
  const step = useSignal(0.5);
  const trouble = useSignal<{ words: string; flaws: SiteFlaw[] } | null>(null);
  const busy = useSignal(false);
  const said = useSignal("");
  const { value, failed } = asked.value;
  if (!value) return <Panel name="site-plan" title={word("site.tab", "plan")}><p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p></Panel>;
  const admin = may("govern");
  const place = (kind: Kind, one: SiteThing): Area | null => {
    const key = `${kind}/${one.id}`;
    return drawn.value.has(key) ? drawn.value.get(key)! : areaOf(one);
  };
  const put = (kind: Kind, id: string, area: Area | null) => {
    const one = value[kind].find((each) => each.id === id)!;
    const before = areaOf(one);
    const next = new Map(drawn.value);
    const key = `${kind}/${id}`;
    if (!tags.has(key)) tags.set(key, one.tag);
    if (isSame(before, area)) next.delete(key), tags.delete(key);
    else next.set(key, area);
    drawn.value = next;
    said.value = "";
  };
  const save = async () => {
    if (busy.value) return;
    let trying = "";
    busy.value = true;
    trouble.value = null;
    try {
      for (const [key, area] of drawn.value) {
        const [kind, id] = key.split("/") as [Kind, string];
        trying = key;
        await change(kind, id, { area }, false, freshKey(), tags.get(key) ?? value[kind].find((each) => each.id === id)?.tag ?? "");
        tags.delete(key);
        const left = new Map(drawn.value);
        left.delete(key);
        drawn.value = left;
      }
      said.value = say("plan.saved");
    } catch (error) {
      const refused = error instanceof Refused ? error : null;
      const told = refused && more(refused);
      if (refused?.status === 412) tags.delete(trying); // it was told: saving once more is meant
      const words = refused?.status === 412 ? (told!.by ? say("site.changed_by", { by: told!.by }) : say("site.changed")) : refused ? worded(refused.said).words || refused.message : say("wish.not_sent");
      trouble.value = { words: refused?.status === 412 ? `${words} ${say("plan.kept")}` : words, flaws: told?.errors?.filter((flaw) => flaw.code) ?? [] };
    }
    busy.value = false;
    again();
    changed();
  };
  const things = (["zones", "racks"] as const).flatMap((kind) => value[kind].map((one) => ({ kind, one, area: place(kind, one) })));
  const picked = chosen.value && things.find(({ kind, one }) => kind === chosen.value!.kind && one.id === chosen.value!.id);
  const off = things.filter(({ area }) => !area);
  const onto = ({ kind, one }: (typeof things)[number]) => {
    const room = kind === "racks" ? (things.find((other) => other.kind === "zones" && other.one.id === one.values.zone)?.area ?? null) : null;
    put(kind, one.id, free(NEW[kind], things.flatMap((other) => (other.kind === kind && other.area ? [other.area] : [])), room, step.value));
    chosen.value = { kind, id: one.id };
  };
  return (
    <Panel
      name="site-plan"
      title={word("site.tab", "plan")}
      aside={admin && (
        <label class="grid-step">{say("plan.grid")} <select value={String(step.value)} onChange={(event) => (step.value = Number(event.currentTarget.value))}>{STEPS.map((one) => <option key={one} value={String(one)}>{number(one, 2)} m</option>)}</select></label>
      )}
    >
      <Drawing things={things} slots={value.slots} chosen={chosen.value} choose={(kind, id) => (chosen.value = { kind, id })} put={put} step={step.value} admin={admin} />
      {admin && <p class="padded note">{say("plan.how")}</p>}
      {(drawn.value.size > 0 || trouble.value || said.value) && (
        <div class="plan-save padded" role="status">
          {drawn.value.size > 0 && <span>{say("plan.unsaved", { n: number(drawn.value.size) })}</span>}
          {said.value && !drawn.value.size && <span>{said.value}</span>}
          {drawn.value.size > 0 && (
            <span class="acts">
              <button type="button" class="main" aria-disabled={busy.value} onClick={() => void save()}>{say(busy.value ? "wish.sending" : "site.save")}</button>
              <button type="button" onClick={() => (forget(), (trouble.value = null))}>{say("plan.back")}</button>
            </span>
          )}
          {trouble.value && <div class="trouble"><p>{trouble.value.words}</p><Flaws list={trouble.value.flaws} /></div>}
        </div>
      )}
      {off.length > 0 && (
        <div class="padded off-plan">
          <h3>{say("plan.off")}</h3>
          <ul>
            {off.map((thing) => (
              <li key={`${thing.kind}/${thing.one.id}`}>
                {admin ? <button type="button" onClick={() => onto(thing)}>{say("plan.place", { name: nameOf(thing.one) })}</button> : <span class="tag">{nameOf(thing.one)}</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
      {admin && !value.racks.length && <p class="padded note">{say("plan.no_racks")} <a href="#/site/racks/+">{say("site.new.racks")}</a></p>}
      {picked && (
        <section class="picked padded" aria-label={nameOf(picked.one)}>
          <h3>{word("site.one", picked.kind)} {nameOf(picked.one)}</h3>
          {admin && picked.area && <Numbers key={`${picked.kind}/${picked.one.id}`} area={picked.area} put={(area) => put(picked.kind, picked.one.id, area)} />}
          <div class="acts">
            {admin && picked.area && <button type="button" onClick={() => put(picked.kind, picked.one.id, null)}>{say("plan.take_off")}</button>}
            <a class="button" href={`#/site/${picked.kind}/${encodeURIComponent(picked.one.id)}`}>{say("plan.fields")}</a>
          </div>
          {picked.kind === "racks" && <Shelf rack={picked.one} slots={value.slots} changed={() => (again(), changed())} />}
        </section>
      )}
    </Panel>
  );
}

interface Drawn {
  kind: Kind;
  one: SiteThing;
  area: Area | null;
}

function Drawing({ things, slots, chosen, choose, put, step, admin }: { things: Drawn[]; slots: SiteThing[]; chosen: { kind: Kind; id: string } | null; choose: (kind: Kind, id: string) => void; put: (kind: Kind, id: string, area: Area) => void; step: number; admin: boolean }) {
  const svg = useRef<SVGSVGElement>(null);
  const held = useRef<{ x: number; y: number; area: Area; size: boolean; thing: Drawn } | null>(null);
  const placed = things.filter((one): one is Drawn & { area: Area } => one.area !== null);
  const { width, depth } = extent(placed.map(({ area }) => area));
  const metres = (event: PointerEvent) => {
    const box = svg.current!.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * depth };
  };
  const take = (thing: Drawn & { area: Area }, size: boolean) => (event: PointerEvent) => {
    choose(thing.kind, thing.one.id);
    if (!admin || event.button !== 0) return;
    event.stopPropagation();
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    held.current = { ...metres(event), area: thing.area, size, thing };
  };
  const drag = (event: PointerEvent) => {
    const mine = held.current;
    if (!mine) return;
    const { x, y } = metres(event);
    put(mine.thing.kind, mine.thing.one.id, (mine.size ? sized : moved)(mine.area, x - mine.x, y - mine.y, step));
  };
  const drop = () => (held.current = null);
  const press = (thing: Drawn & { area: Area }) => (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") return event.preventDefault(), choose(thing.kind, thing.one.id);
    const way = KEYS[event.key];
    if (!way || !admin || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(thing.kind, thing.one.id);
    put(thing.kind, thing.one.id, (event.shiftKey ? sized : moved)(thing.area, way[0] * step, way[1] * step, step));
  };
  const unit = width / 100;
  return (
    <div class="drawing">
      <svg ref={svg} viewBox={`0 0 ${width} ${depth}`} role="group" aria-label={say("plan.label", { width: number(width), depth: number(depth) })} class={admin ? "edited" : ""}>
        <defs>
          <pattern id="metre" width="1" height="1" patternUnits="userSpaceOnUse"><path d="M1 0H0V1" class="grid-line" stroke-width={unit * 0.06} /></pattern>
        </defs>
        <rect width={width} height={depth} fill="url(#metre)" />
        {placed.map((thing) => {
          const { kind, one, area } = thing;
          const mine = chosen?.kind === kind && chosen.id === one.id;
          const on = kind === "racks" ? slots.filter((slot) => slot.values.rack === one.id) : [];
          const letters = kind === "zones" ? Math.min(unit * 1.6, area.depth_m * 0.6) : unit * 1.2;
          return (
            <g
              key={`${kind}/${one.id}`}
              class={`${kind} ${mine ? "chosen" : ""}`}
              tabindex={0}
              role="button"
              aria-pressed={mine}
              aria-label={say("plan.thing", { what: word("site.one", kind), name: nameOf(one), x: number(area.x_m, 2), y: number(area.y_m, 2), width: number(area.width_m, 2), depth: number(area.depth_m, 2) })}
              onPointerDown={take(thing, false)}
              onPointerMove={drag}
              onPointerUp={drop}
              onPointerCancel={drop}
              onKeyDown={press(thing)}
            >
              <rect x={area.x_m} y={area.y_m} width={area.width_m} height={area.depth_m} stroke-width={unit * (mine ? 0.4 : 0.16)} />
              {cells(on.map(({ id, values }) => ({ id, bay: Number(values.bay), level: Number(values.level) })), area, Number(one.values.bays ?? 1), Number(one.values.levels ?? 1)).map(({ slot, area: cell }) => (
                <rect key={slot.id} class="cell" x={cell.x_m} y={cell.y_m} width={cell.width_m} height={cell.depth_m} stroke-width={unit * 0.08}><title>{slot.id}</title></rect>
              ))}
              <text x={area.x_m + (kind === "zones" ? unit * 0.6 : 0)} y={kind === "zones" ? area.y_m + letters * 1.2 : area.y_m - unit * 0.4} font-size={letters}>{nameOf(one)}</text>
              {mine && admin && <rect class="handle" x={area.x_m + area.width_m - unit * 1.4} y={area.y_m + area.depth_m - unit * 1.4} width={unit * 2.8} height={unit * 2.8} onPointerDown={take(thing, true)} onPointerMove={drag} onPointerUp={drop} />}
            </g>
          );
        })}
      </svg>
      {!placed.length && <p class="calm">{say("plan.empty")}</p>}
    </div>
  );
}

const SIDES = ["x_m", "y_m", "width_m", "depth_m"] as const;
const SIDE_MAX = 2000;

/** The same by numbers. */
function Numbers({ area, put }: { area: Area; put: (area: Area) => void }) {
  return (
    <div class="fields numbers">
      {SIDES.map((side) => <Side key={side} side={side} value={area[side]} put={(given) => put({ ...area, [side]: given })} />)}
    </div>
  );
}

function Side({ side, value, put }: { side: (typeof SIDES)[number]; value: number; put: (value: number) => void }) {
  const id = useId();
  /** What is typed and is no place; null: what stands there holds. */
  const typed = useSignal<{ text: string; of: number } | null>(null);
  const label = word("sf", `area.${side}`);
  const field = { name: side, label, kind: "money" as const, needed: true, least: side === "width_m" || side === "depth_m" ? 0.1 : 0, most: SIDE_MAX };
  const wrong = typed.value?.of === value ? flaw(field, typed.value.text) : null;
  return (
    <div class={`field ${wrong ? "wrong" : ""}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        value={wrong ? typed.value!.text : written(value)}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={`${id}-said`}
        onChange={(event) => {
          const text = event.currentTarget.value;
          typed.value = flaw(field, text) ? { text, of: value } : null;
          if (!typed.value) put(amount(text, "money")!);
        }}
      />
      <span id={`${id}-said`} class={wrong ? "trouble" : "note"} role={wrong ? "alert" : undefined}>
        {wrong && <>{fieldWords(field, wrong)} {say("plan.still", { value: number(value, 2) })}</>}
      </span>
    </div>
  );
}
