// Draws the floor map: cells grey by how full they are, and the abnormal ones by shape and colour.
import { type Cell, type Floor, TITLE } from "../core/floor";
import type { Shade } from "../core/layers";
import type { SlotView } from "../types";

export interface Ink {
  base: string;
  fill: string;
  room: string;
  text: string;
  faint: string;
  bad: string;
  warn: string;
  over: string;
  on: string;
  card: string;
  lit: string;
}

const NAMES: Record<keyof Ink, string> = {
  base: "--cell",
  fill: "--cell-fill",
  room: "--room",
  text: "--muted",
  faint: "--edge",
  bad: "--bad",
  warn: "--warn-fill",
  over: "--over",
  on: "--on-mark",
  card: "--card",
  lit: "--text",
};

/** The inks of the theme, from the style sheet. */
export function inks(element: Element): Ink {
  const style = getComputedStyle(element);
  return Object.fromEntries(Object.entries(NAMES).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()])) as unknown as Ink;
}

const TITLE_X = 10;
const FONT = "500 12px Inter, system-ui, sans-serif";

/** The rooms and the names of the racks. */
export function paintFloor(pen: CanvasRenderingContext2D, floor: Floor, ink: Ink): void {
  pen.clearRect(0, 0, floor.width, floor.height + 4);
  pen.textBaseline = "middle";
  pen.fillStyle = ink.room;
  for (const { x, y, width, height } of floor.rooms) block(pen, x, y, width, height, 6);
  pen.font = FONT;
  pen.fillStyle = ink.text;
  const last = new Map<number, number>();
  for (const rack of floor.racks) {
    if (rack.y - (last.get(rack.x) ?? -Infinity) < 14) continue; // names of low racks would cover one another
    pen.fillText(rack.text, rack.x, rack.y);
    last.set(rack.x, rack.y);
  }
}

/** What is measured in a room: beside its name, or below it in a room that is empty; where neither has space, `past`, the
 *  figure alone, struck through as all that is not of now. */
export interface Told {
  text: string;
  past?: string;
  bad: boolean;
}

/** So much an empty room has to have below its name's line for a second one. */
const LINE = 20;

/** The names of the rooms, over themselves. `told` adds what is measured there. */
export function paintTitles(pen: CanvasRenderingContext2D, floor: Floor, ink: Ink, told: (zone: string) => Told): void {
  pen.textBaseline = "middle";
  const used = new Set(floor.cells.map((cell) => cell.zone));
  for (const room of floor.rooms) {
    const [x, y, widest] = [room.x + TITLE_X, room.y + TITLE / 2 + 1, room.width - 2 * TITLE_X];
    const lines = !used.has(room.zone) && room.height >= TITLE + LINE ? 2 : 1;
    pen.fillStyle = ink.room;
    pen.fillRect(x, y - 9, widest, 18 + (lines - 1) * LINE);
    const { text: whole, past, bad } = told(room.zone);
    pen.font = FONT.replace("500", "600");
    const named = pen.measureText(room.name).width;
    pen.font = FONT;
    const fits = named + pen.measureText(whole).width + TITLE_X <= widest;
    const below = !fits && lines === 2 && pen.measureText(whole).width <= widest;
    const text = fits || below || past === undefined ? whole : past;
    const width = text ? pen.measureText(text).width : 0;
    const beside = text && !below ? width + TITLE_X : 0;
    pen.font = FONT.replace("500", "600");
    pen.fillStyle = ink.text;
    const name = cut(pen, room.name, widest - beside);
    pen.fillText(name, x, y);
    const at = below ? [x, y + LINE] as const : [x + pen.measureText(name).width + TITLE_X, y] as const;
    pen.font = FONT;
    if (bad) pen.fillStyle = ink.bad;
    if (beside <= widest) pen.fillText(text, ...at);
    if (beside <= widest && text === past) pen.fillRect(at[0], at[1] - 0.5, width, 1);
  }
}

/** As much of a name as there is room for. */
function cut(pen: CanvasRenderingContext2D, name: string, room: number): string {
  let all = name;
  for (let n = name.length - 1; n > 0 && pen.measureText(all).width > room; n--) all = `${name.slice(0, n)}…`;
  return all;
}

/** A cell to be drawn again, and what it shows now. */
export interface Change {
  cell: Cell;
  slot: SlotView;
}

/** Slots, over themselves. The many normal ones go colour by colour; a small cell, which has no round corners, covers
 *  what was there, so nothing is painted that the next stroke would cover. */
export function paintCells(pen: CanvasRenderingContext2D, changes: Change[], ink: Ink): void {
  const normal = changes.filter(({ slot }) => slot.status === "ok");
  pen.fillStyle = ink.room;
  for (const { cell } of changes) if (round(cell) > 0) pen.fillRect(cell.x - 1, cell.y - 1, cell.width + 2, cell.height + 2);
  pen.fillStyle = ink.base;
  for (const { cell, slot } of normal) if (round(cell) > 0 || share(slot) < 1) block(pen, cell.x, cell.y, cell.width, cell.height, round(cell));
  pen.fillStyle = ink.fill;
  for (const { cell, slot } of normal) {
    const tall = cell.height * share(slot);
    block(pen, cell.x, cell.y + cell.height - tall, cell.width, tall, round(cell));
  }
  pen.textBaseline = "middle";
  for (const { cell, slot } of changes) if (slot.status !== "ok") paintAbnormal(pen, cell, slot, ink);
}

/** The radius of a cell's corners: small ones have none. */
const round = ({ width, height }: Cell): number => (Math.min(width, height) > 12 ? 2 : 0);

/** Slots by a layer's steps, of which `steps` are the colours; what is out of its limits, or not known, by shape too. */
export function paintShades(pen: CanvasRenderingContext2D, shaded: { cell: Cell; shade: Shade }[], ink: Ink, steps: string[]): void {
  for (const { cell, shade } of shaded) {
    const { x, y, width: w, height: h } = cell;
    const line = Math.max(1, Math.min(2, w / 9));
    pen.fillStyle = ink.room;
    pen.fillRect(x - 1, y - 1, w + 2, h + 2);
    pen.fillStyle = shade === "unknown" ? ink.card : shade === "out" ? ink.bad : steps[shade]!;
    block(pen, x, y, w, h, round(cell));
    if (shade === "unknown") hatched(pen, x, y, w, h, ink.faint);
    if (shade === "out" && w > 9) stroke(pen, ink.on, [x + w / 2, y + h * 0.25, x + w / 2, y + h * 0.6], 2);
    if (shade === "out" && w > 9) stroke(pen, ink.on, [x + w / 2, y + h * 0.72, x + w / 2, y + h * 0.8], 2);
    pen.lineWidth = line;
    pen.strokeStyle = ink.faint;
    if (shade === 0 || shade === "unknown") pen.strokeRect(x + line / 2, y + line / 2, w - line, h - line);
  }
}

/** What is sought is outlined, all else fades. */
export function paintLit(pen: CanvasRenderingContext2D, cells: Cell[], lit: ReadonlySet<string>, ink: Ink): void {
  for (const { id, x, y, width: w, height: h } of cells) {
    if (lit.has(id)) {
      pen.lineWidth = Math.max(1.5, Math.min(3, w / 10));
      pen.strokeStyle = ink.lit;
      pen.strokeRect(x + pen.lineWidth / 2, y + pen.lineWidth / 2, w - pen.lineWidth, h - pen.lineWidth);
    } else {
      pen.globalAlpha = 0.72;
      pen.fillStyle = ink.room;
      pen.fillRect(x - 1, y - 1, w + 2, h + 2);
      pen.globalAlpha = 1;
    }
  }
}

/** How full a slot is, 0..1. */
function share(slot: SlotView): number {
  return slot.capacity > 0 ? Math.min(1, (slot.count ?? 0) / slot.capacity) : 0;
}

function paintAbnormal(pen: CanvasRenderingContext2D, cell: Cell, slot: SlotView, ink: Ink): void {
  const { x, y, width: w, height: h } = cell;
  const r = round(cell);
  const line = Math.max(1, Math.min(2, w / 9));
  pen.lineWidth = line;
  const frame = (colour: string) => {
    pen.strokeStyle = colour;
    pen.strokeRect(x + line / 2, y + line / 2, w - line, h - line);
  };
  switch (slot.status) {
    case "low": {
      const tall = h * Math.max(0.2, Math.min(0.5, share(slot)));
      pen.fillStyle = ink.card;
      block(pen, x, y, w, h, r);
      pen.fillStyle = ink.warn;
      pen.fillRect(x, y + h - tall, w, tall);
      frame(ink.warn);
      return;
    }
    case "empty":
      pen.fillStyle = ink.bad;
      block(pen, x, y, w, h, r);
      if (w > 9) stroke(pen, ink.on, [x + w * 0.3, y + h / 2, x + w * 0.7, y + h / 2], 2);
      return;
    case "over":
      pen.fillStyle = ink.over;
      block(pen, x, y, w, h, r);
      if (w > 9) stroke(pen, ink.on, [x + w / 2 - 4, y + h / 2 + 2, x + w / 2, y + h / 2 - 3, x + w / 2 + 4, y + h / 2 + 2], 1.75);
      return;
    case "silent":
      pen.fillStyle = ink.card;
      block(pen, x, y, w, h, r);
      frame(ink.text);
      stroke(pen, ink.text, [x + 2, y + h - 2, x + w - 2, y + 2], line);
      return;
    case "unknown":
      pen.fillStyle = ink.card;
      block(pen, x, y, w, h, r);
      hatched(pen, x, y, w, h, ink.faint);
      frame(ink.text);
      if (w > 9) {
        pen.font = `700 ${Math.min(14, Math.round(h * 0.6))}px Inter, system-ui, sans-serif`;
        pen.textAlign = "center";
        pen.fillStyle = ink.text;
        pen.fillText("?", x + w / 2, y + h / 2 + 0.5);
        pen.textAlign = "start";
      }
  }
}

function block(pen: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, r: number): void {
  if (w <= 0 || h <= 0) return;
  if (r === 0) return pen.fillRect(x, y, w, h); // many times as fast as a path
  pen.beginPath();
  pen.roundRect(x, y, w, h, Math.min(r, h / 2));
  pen.fill();
}

function stroke(pen: CanvasRenderingContext2D, colour: string, points: number[], width: number): void {
  pen.beginPath();
  for (let i = 0; i < points.length; i += 2) pen.lineTo(points[i]!, points[i + 1]!);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function hatched(pen: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string): void {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, w, h);
  pen.clip();
  for (let d = -h; d < w; d += 4) stroke(pen, colour, [x + d, y + h, x + d + h, y], 1);
  pen.restore();
}
