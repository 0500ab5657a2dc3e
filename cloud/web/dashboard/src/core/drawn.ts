// The floor map as the site's plan was drawn: rooms where they are, racks where they stand in them. Pure.
import type { RackView, SlotView, ZoneView } from "../types";
import { type Cell, type Floor, type Label, plan, TITLE } from "./floor";
import { type Area, cells, meet } from "./site_plan";

/** So many times may the depth of the plan be drawn out more than its width, to use the room there is. */
const STRETCH = 1.7;
/** And its width more than its depth: names stand beside one another, and have room then. */
const ACROSS = 3;
/** Smaller cells than these would be neither seen nor met. */
const LEAST_PX = 5;
const NAME = 15;

/** The floor as it was drawn, where there is room for that and each slot's room is on the plan; else rooms below one another. */
export function floorOf(slots: SlotView[], zones: ZoneView[], racks: RackView[], width: number, height: number | null): Floor {
  return (height === null ? null : drawn(slots, zones, racks, width, height)) ?? plan(slots, zones, width, height);
}

/** The plan in `width` x at most `height` CSS pixels; null where it does not hold all slots, or not large enough. */
export function drawn(slots: SlotView[], zones: ZoneView[], racks: RackView[], width: number, height: number): Floor | null {
  const placed = zones.filter((zone): zone is ZoneView & { area: Area } => !!zone.area);
  const known = new Set<string>(placed.map((zone) => zone.id));
  if (!placed.length || slots.some((slot) => !known.has(slot.zone)) || meeting(placed.map((zone) => zone.area))) return null;
  const [left, top] = [Math.min(...placed.map(({ area }) => area.x_m)), Math.min(...placed.map(({ area }) => area.y_m))];
  const wide = Math.max(...placed.map(({ area }) => area.x_m + area.width_m)) - left;
  const deep = Math.max(...placed.map(({ area }) => area.y_m + area.depth_m)) - top;
  const byZone = new Map<string, SlotView[]>();
  for (const slot of slots) if (!byZone.get(slot.zone)?.push(slot)) byZone.set(slot.zone, [slot]);
  const most = Math.max(1 / STRETCH, ...placed.map((zone) => filled(byZone.get(zone.id) ?? [], zone, racks, width / wide)));
  const down = Math.min(height / deep, (width / wide) * Math.min(most, STRETCH));
  const across = Math.min(width / wide, down * ACROSS);
  const floor: Floor = { width, height: Math.floor(deep * down), cells: [], racks: [], rooms: [] };
  const aside = (width - wide * across) / 2;
  for (const zone of placed) {
    const room = pixels({ ...zone.area, x_m: zone.area.x_m - left, y_m: zone.area.y_m - top }, across, down, aside, 0);
    const inside = room.height < TITLE ? null : furnished(byZone.get(zone.id) ?? [], zone, racks, room);
    if (!inside) return null;
    floor.rooms.push({ zone: zone.id, name: zone.name || zone.id, ...room });
    floor.cells.push(...inside.cells);
    floor.racks.push(...inside.racks);
  }
  return floor;
}

/** So many times its width's pixels for a metre would a room use for one of its depth; 0 for an empty one. */
function filled(slots: SlotView[], zone: ZoneView & { area: Area }, racks: RackView[], across: number): number {
  if (!slots.length) return 0;
  if (racks.some((rack) => rack.zone === zone.id)) return 1;
  return plan(slots, [zone], zone.area.width_m * across, Infinity).height / zone.area.depth_m / across;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A rectangle of the plan in whole pixels. */
function pixels(area: Area, across: number, down: number, x0: number, y0: number): Box {
  const [x, y] = [Math.round(x0 + area.x_m * across), Math.round(y0 + area.y_m * down)];
  return { x, y, width: Math.round(x0 + (area.x_m + area.width_m) * across) - x, height: Math.round(y0 + (area.y_m + area.depth_m) * down) - y };
}

/** What stands in a room, below its name: racks where they were put if each slot is on one of them, else side by side. */
function furnished(slots: SlotView[], zone: ZoneView & { area: Area }, racks: RackView[], room: Box): { cells: Cell[]; racks: Label[] } | null {
  if (!slots.length) return { cells: [], racks: [] };
  const mine = racks.filter((rack) => rack.zone === zone.id && within(rack.area, zone.area));
  const here = new Set(slots.map((slot) => slot.id));
  const on = new Set(mine.flatMap((rack) => rack.slots.filter((one) => here.has(one.id)).map((one) => one.id)));
  if (on.size === slots.length && !meeting(mine.map((rack) => rack.area))) {
    const found = standing(mine, here, zone, room);
    if (found) return found;
  }
  const inner = plan(slots, [zone], room.width, room.height);
  if (inner.height > room.height || inner.cells.some((cell) => cell.x + cell.width > room.width || cell.width < LEAST_PX)) return null;
  return { cells: inner.cells.map((cell) => moved(cell, room)), racks: inner.racks.map((label) => moved(label, room)) };
}

/** Racks at their places, each slot at its bay and level. */
function standing(racks: RackView[], here: ReadonlySet<string>, zone: ZoneView & { area: Area }, room: Box): { cells: Cell[]; racks: Label[] } | null {
  const floor = { cells: [] as Cell[], racks: [] as Label[] };
  const [across, down] = [room.width / zone.area.width_m, (room.height - TITLE) / zone.area.depth_m];
  const at = (area: Area): Box => pixels({ ...area, x_m: area.x_m - zone.area.x_m, y_m: area.y_m - zone.area.y_m }, across, down, room.x, room.y + TITLE);
  const taken = new Set<string>();
  for (const rack of racks) {
    const box = at(rack.area);
    const named = box.height >= NAME + 2 * LEAST_PX;
    if (named) floor.racks.push({ text: rack.name || rack.id, x: box.x, y: box.y + NAME / 2 });
    const body: Area = { x_m: box.x, y_m: box.y + (named ? NAME : 0), width_m: box.width, depth_m: box.height - (named ? NAME : 0) };
    for (const { slot, area } of cells(rack.slots.filter((one) => here.has(one.id)), body, rack.bays, rack.levels)) {
      const cell = pixels(area, 1, 1, 0, 0);
      const gap = Math.min(cell.width, cell.height) > 12 ? 2 : 1;
      if (cell.width - gap < LEAST_PX || cell.height - gap < LEAST_PX || taken.has(`${cell.x} ${cell.y}`)) return null;
      taken.add(`${cell.x} ${cell.y}`);
      floor.cells.push({ id: slot.id, zone: zone.id, ...cell, width: cell.width - gap, height: cell.height - gap });
    }
  }
  return floor;
}

const moved = <T extends { x: number; y: number }>(one: T, by: Box): T => ({ ...one, x: one.x + by.x, y: one.y + by.y });
const within = (inner: Area, outer: Area): boolean =>
  inner.x_m >= outer.x_m && inner.y_m >= outer.y_m && inner.x_m + inner.width_m <= outer.x_m + outer.width_m && inner.y_m + inner.depth_m <= outer.y_m + outer.depth_m;

function meeting(areas: Area[]): boolean {
  return areas.some((one, n) => areas.slice(n + 1).some((other) => meet(one, other)));
}
