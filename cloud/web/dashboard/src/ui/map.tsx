// The floor map on a canvas: only changed cells are drawn again. Its text equivalent stands below it.
import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { floorOf } from "../core/drawn";
import { type Cell, cellAt, fits, type Floor } from "../core/floor";
import type { Shade } from "../core/layers";
import { slotHref } from "../route";
import { abnormalCount, abnormalSlots, narrow, now, site, skuName, slots, speaks, tally, zones } from "../state";
import { dark } from "../theme";
import type { RackView, SlotView } from "../types";
import { language, asOf, number, quantity, say, word } from "../words/words";
import { Status, StatusMark } from "./marks";
import { type Change, inks, paintCells, paintFloor, paintLit, paintShades, paintTitles, type Told } from "./paint";
import { Panel, zoom } from "./panel";

const NONE: RackView[] = [];
const STATES = ["ok", "low", "empty", "over", "unknown", "silent"] as const;

export function FloorMap() {
  return (
    <Panel name="map" title={say("map.title")} aside={<Legend />}>
      <Canvas />
      <Abnormal />
    </Panel>
  );
}

export function Legend() {
  return (
    <ul class="legend">
      {STATES.map((status) => (
        <li key={status}>
          <StatusMark status={status} /> {say(`status.${status}`)}
        </li>
      ))}
    </ul>
  );
}

/** What is on the canvas: a plan of these rooms, what was told of them, and the slot last drawn in each cell. */
interface Drawn {
  shades: (Shade | undefined)[];
  floor: Floor;
  rooms: string;
  racks: RackView[];
  told: string;
  slots: (SlotView | undefined)[];
}

/** Another layer than the status: its name, the shade of a slot, the five colours of its steps. */
export interface Shading {
  name: string;
  of: (slot: SlotView) => Shade;
  steps: string[];
}

/** The slots that are sought; with them all else fades. */
export function Canvas({ shading = null, lit = null, told }: { shading?: Shading | null; lit?: ReadonlySet<string> | null; told?: (slot: SlotView) => string }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const size = useSignal({ width: 0, height: 0, fonts: 0 });
  const over = useSignal<{ cell: Cell; slot: SlotView } | null>(null);

  // As a layout effect it ends before the element leaves; a later end would hear of its last size, none.
  useLayoutEffect(() => {
    const home = box.current!;
    const watch = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = home;
      const grows = narrow.value;
      if (width !== size.value.width || (!grows && height !== size.value.height)) size.value = { ...size.value, width, height: grows ? 0 : height };
    });
    watch.observe(home);
    void document.fonts.load("500 12px Inter").then(() => (size.value = { ...size.value, fonts: 1 }));
    return () => watch.disconnect();
  }, []);

  // A new plan: when the room, the slots, the theme, the language or the fonts change, all is drawn.
  useLayoutEffect(() => {
    drawn.current = null;
  }, [size.value, dark.value, language.value, shading?.name, shading?.steps.join(), lit && [...lit].join()]);

  useLayoutEffect(() => {
    const { width, height } = size.value;
    const pen = canvas.current!.getContext("2d");
    if (!width || !pen) return;
    const ink = inks(canvas.current!);
    const all = [...zones.value.values()];
    const racks = site.value?.racks ?? NONE;
    const rooms = JSON.stringify(all.map(({ id, name, area }) => [id, name, area]));
    if (!drawn.current || drawn.current.rooms !== rooms || drawn.current.racks !== racks || !fits(drawn.current.floor, slots.value)) {
      const larger = zoom();
      const rows = [...slots.value.values()];
      const floor = floorOf(rows, all, racks, width / larger, height ? height / larger : null);
      // It asks for no more height than its largest cells fill: below them would be nothing.
      if (height) box.current!.style.setProperty("--tall", `${Math.ceil(floorOf(rows, all, racks, width / larger, Infinity).height * larger)}px`);
      const scale = devicePixelRatio || 1;
      const tall = Math.max(height, Math.ceil(floor.height * larger));
      Object.assign(canvas.current!, { width: Math.round(width * scale), height: Math.round(tall * scale) });
      Object.assign(canvas.current!.style, { width: `${width}px`, height: `${tall}px` });
      pen.setTransform(scale * larger, 0, 0, scale * larger, 0, 0);
      paintFloor(pen, floor, ink);
      drawn.current = { floor, rooms, racks, told: "", slots: [], shades: [] };
    }
    const now = drawn.current;
    const climates = all.map((zone) => climate(zone.id).text).join();
    if (now.told !== climates || !climates) paintTitles(pen, now.floor, ink, climate);
    now.told = climates;
    if (shading) {
      const shaded = now.floor.cells.flatMap((cell, n) => {
        const shade = shading.of(slots.value.get(cell.id)!);
        if (shade === now.shades[n]) return [];
        now.shades[n] = shade;
        return [{ cell, shade }];
      });
      paintShades(pen, shaded, ink, shading.steps);
      if (lit) paintLit(pen, shaded.map(({ cell }) => cell), lit, ink);
      return;
    }
    const changes: Change[] = [];
    now.floor.cells.forEach((cell, n) => {
      const [slot, before] = [slots.value.get(cell.id)!, now.slots[n]];
      if (slot === before) return;
      now.slots[n] = slot;
      if (!before || !looksAlike(slot, before)) changes.push({ cell, slot });
    });
    paintCells(pen, changes, ink);
    if (lit) paintLit(pen, changes.map(({ cell }) => cell), lit, ink);
  });

  const at = (event: MouseEvent) => {
    const corner = canvas.current!.getBoundingClientRect();
    const cell = drawn.current && cellAt(drawn.current.floor, (event.clientX - corner.left) / zoom(), (event.clientY - corner.top) / zoom());
    const slot = cell && slots.value.get(cell.id);
    return cell && slot ? { cell, slot } : null;
  };
  const counts = STATES.map((status) => `${say(`status.${status}`)} ${number(tally.value[status])}`);
  return (
    <div class="floor" ref={box}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={say("map.label", { n: slots.value.size, states: counts.join(", ") })}
        onPointerMove={(event) => (over.value = at(event))}
        onPointerLeave={() => (over.value = null)}
        onClick={(event) => {
          const hit = at(event);
          if (hit) location.hash = slotHref(hit.slot.id);
        }}
      />
      {over.value && <Hint cell={over.value.cell} slot={over.value.slot} width={size.value.width} more={told?.(over.value.slot) ?? ""} />}
    </div>
  );
}

/** Most of what is measured does not change a cell: its weight and the time go on, the count stays. */
function looksAlike(a: SlotView, b: SlotView): boolean {
  return a.status === b.status && a.count === b.count && a.capacity === b.capacity;
}

/** How warm a room is; of one whose thermometer does not speak, when that was, or where that has no room, that it is of then (`past`). */
function climate(id: string): Told {
  const zone = zones.value.get(id);
  if (!zone || zone.temperature_c === null) return { text: "", bad: false };
  const warmth = quantity(zone.temperature_c, "Cel", 1);
  if (!speaks(zone.series)) return { text: `${warmth}, ${say("climate.was", { time: asOf(zone.at_ms, now.peek()) })}`, past: warmth, bad: false };
  const bad = (zone.min_c !== null && zone.temperature_c < zone.min_c) || (zone.max_c !== null && zone.temperature_c > zone.max_c);
  return { text: warmth, bad };
}

function Hint({ cell, slot, width, more }: { cell: Cell; slot: SlotView; width: number; more: string }) {
  const [x, y] = [cell.x * zoom(), cell.y * zoom()];
  const left = x > width - 190 ? { right: `${width - x + 4}px` } : { left: `${x + 20}px` };
  return (
    <div class="hint" style={{ top: `${y + 24}px`, ...left }} aria-hidden="true">
      <b>{slot.id}</b> <Status status={slot.status} />
      <br />
      {skuName(slot.sku)}: {slot.count === null ? `? (${slot.low}–${slot.high})` : number(slot.count)} / {number(slot.capacity)}
      {more && <br />}
      {more}
    </div>
  );
}

export function Abnormal() {
  const open = useSignal(false);
  const none = useComputed(() => slots.value.size === 0);
  if (none.value) return null;
  if (!abnormalCount.value) return <p class="calm">{say("map.all_well")}</p>;
  return (
    <details class="abnormal" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{say("map.abnormal", { n: number(abnormalCount.value) })}</summary>
      {open.value && (
        <ul>
          {abnormalSlots.value.map((slot) => (
            <li key={slot.id}>
              <a href={slotHref(slot.id)}>
                <StatusMark status={slot.status} /> {slot.id} <span class="note">{word("status", slot.status)}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
