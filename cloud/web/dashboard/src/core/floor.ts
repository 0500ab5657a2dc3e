// Where each slot is drawn on the floor map: zones below one another, racks as strips, cells as large as fit. Pure.
import type { SlotView, ZoneView } from "../types";
import { compare } from "./order";

export interface Cell {
  id: string;
  zone: string;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Label {
  text: string;
  x: number;
  y: number;
}
/** A room with its name at its upper left corner. */
export interface Room {
  zone: string;
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Floor {
  width: number;
  height: number;
  cells: Cell[];
  racks: Label[];
  rooms: Room[];
}

/** So high is the line in which a room's name stands. */
export const TITLE = 26;
/** A map that scrolls with the page ends before nobody scrolls past it, and before a canvas is larger than phones draw. */
const TALLEST = 1200;
const GAP_ROOM = 10;
const GAP_COLUMN = 14;
const PAD = 10;

interface Rack {
  name: string;
  ids: string[];
}
interface Zone {
  zone: string;
  name: string;
  racks: Rack[];
}

/** The rack a slot stands in: its name up to the last dash, "A01" for "A01-03". */
export function rackOf(id: string): string {
  const dash = id.lastIndexOf("-");
  return dash > 0 ? id.slice(0, dash) : id;
}

/** A floor plan in `width` CSS pixels. `height` null: as high as cells of `size` need, up to TALLEST, else cells as large
 *  as fit; Infinity: the largest. */
export function plan(slots: SlotView[], zones: ZoneView[], width: number, height: number | null, size = 24): Floor {
  const rooms = grouped(slots, zones);
  if (height !== null) return fitted(rooms, width, height);
  const free = placed(rooms, width, size);
  return free.height <= TALLEST ? free : fitted(rooms, width, TALLEST);
}

/** With the largest cells that fit. */
function fitted(rooms: Zone[], width: number, height: number): Floor {
  let best = placed(rooms, width, 4);
  for (let low = 5, high = 44; low <= high; ) {
    const middle = (low + high) >> 1;
    const tried = placed(rooms, width, middle);
    if (tried.height <= height) {
      best = tried;
      low = middle + 1;
    } else high = middle - 1;
  }
  return stretched(best, height);
}

/** The plan with its cells higher, up to half as high again, to use the height that is left. */
function stretched(floor: Floor, height: number): Floor {
  const lines = [...new Set(floor.cells.map((cell) => cell.y))];
  const tall = floor.cells[0]?.height ?? 0; // as high as all others
  const more = Math.min(Math.floor((height - floor.height) / Math.max(1, lines.length)), Math.floor(tall / 2));
  if (more <= 0) return floor;
  lines.sort((a, b) => a - b);
  const before = new Map(lines.map((line, n) => [line, n]));
  /** How far down what is at `y` goes: each line above it grew. */
  const above = (y: number) => (before.get(y) ?? lines.findLastIndex((line) => line < y - tall / 2) + 1) * more;
  return {
    ...floor,
    height: floor.height + lines.length * more,
    cells: floor.cells.map((cell) => ({ ...cell, y: cell.y + above(cell.y), height: tall + more })),
    racks: floor.racks.map((label) => ({ ...label, y: label.y + above(label.y) + more / 2 })),
    rooms: floor.rooms.map((room) => ({ ...room, y: room.y + above(room.y), height: room.height + above(room.y + room.height) - above(room.y) })),
  };
}

/** Whether the plan is still that of these slots: the same ones, in the same zones. */
export function fits(floor: Floor, slots: ReadonlyMap<string | number, SlotView>): boolean {
  return floor.cells.length === slots.size && floor.cells.every((cell) => slots.get(cell.id)?.zone === cell.zone);
}

/** The cell at a point, or null. */
export function cellAt(floor: Floor, x: number, y: number): Cell | null {
  const inside = (cell: Cell) => x >= cell.x - 1 && x <= cell.x + cell.width + 1 && y >= cell.y - 1 && y <= cell.y + cell.height + 1;
  return floor.cells.find(inside) ?? null;
}

function grouped(slots: SlotView[], zones: ZoneView[]): Zone[] {
  const byZone = new Map<string, Map<string, string[]>>();
  for (const zone of zones) byZone.set(zone.id, new Map());
  for (const slot of slots) {
    const racks = byZone.get(slot.zone) ?? byZone.set(slot.zone, new Map()).get(slot.zone)!;
    const rack = rackOf(slot.id);
    const ids = racks.get(rack);
    if (ids) ids.push(slot.id);
    else racks.set(rack, [slot.id]);
  }
  const names = new Map(zones.map((zone) => [zone.id, zone.name || zone.id]));
  return [...byZone]
    .filter(([, racks]) => racks.size > 0)
    .map(([zone, racks]) => ({
      zone,
      name: names.get(zone) ?? zone,
      racks: [...racks].map(([name, ids]) => ({ name, ids: ids.sort(compare) })).sort((a, b) => compare(a.name, b.name)),
    }));
}

function placed(rooms: Zone[], width: number, size: number): Floor {
  const gap = size > 14 ? 3 : size > 7 ? 2 : 1;
  const longest = Math.max(1, ...rooms.flatMap((room) => room.racks.map((rack) => rack.name.length)));
  const label = Math.round(Math.min(longest * 7.2 + 10, 90));
  const inner = width - 2 * PAD;
  const most = Math.max(1, ...rooms.flatMap((room) => room.racks.map((rack) => rack.ids.length)));
  const perLine = Math.max(1, Math.min(most, Math.floor((inner - label) / (size + gap))));
  const rackWidth = label + perLine * (size + gap);
  const widest = Math.max(1, ...rooms.map((room) => room.racks.length));
  const columns = Math.max(1, Math.min(widest, Math.floor((inner + GAP_COLUMN) / (rackWidth + GAP_COLUMN))));
  const column = (inner - (columns - 1) * GAP_COLUMN) / columns;
  const cellWidth = Math.floor(Math.max(3, Math.min((column - label) / perLine - gap, size * 1.9))); // whole: sharp edges
  const cellHeight = Math.round(size * 1.15);
  const floor: Floor = { width, height: 0, cells: [], racks: [], rooms: [] };
  let y = 0;
  for (const room of rooms) {
    const top = y;
    y += TITLE;
    for (let first = 0; first < room.racks.length; first += columns) {
      const line = room.racks.slice(first, first + columns);
      line.forEach((rack, i) => {
        const x = Math.round(PAD + i * (column + GAP_COLUMN));
        floor.racks.push({ text: rack.name, x, y: y + cellHeight / 2 });
        rack.ids.forEach((id, n) =>
          floor.cells.push({
            id,
            zone: room.zone,
            x: x + label + (n % perLine) * (cellWidth + gap),
            y: y + Math.floor(n / perLine) * (cellHeight + gap),
            width: cellWidth,
            height: cellHeight,
          }),
        );
      });
      y += Math.max(...line.map((rack) => Math.ceil(rack.ids.length / perLine))) * (cellHeight + gap) + gap;
    }
    y += 4;
    floor.rooms.push({ zone: room.zone, name: room.name, x: 0, y: top, width, height: y - top });
    y += GAP_ROOM;
  }
  floor.height = Math.max(0, y - GAP_ROOM);
  return floor;
}
