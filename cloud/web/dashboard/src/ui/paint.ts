// Draws the floor map: cells grey by how full they are, and the abnormal ones by shape and colour.
import type { Cell, Floor } from "../core/floor";
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
};

/** The inks of the theme, from the style sheet. */
export function inks(element: Element): Ink {
  const style = getComputedStyle(element);
  return Object.fromEntries(Object.entries(NAMES).map(([name, variable]) => [name, style.getPropertyValue(variable).trim()])) as unknown as Ink;
}

const FONT = "500 12px Inter, system-ui, sans-serif";

/** Everything that is not a cell: rooms, their names, and the racks' names. `told` adds to a room's name. */
export function paintFloor(pen: CanvasRenderingContext2D, floor: Floor, ink: Ink, told: (zone: string) => { text: string; bad: boolean }): void {
  pen.clearRect(0, 0, floor.width, floor.height + 4);
  pen.textBaseline = "middle";
  for (const room of floor.rooms) {
    pen.fillStyle = ink.room;
    rounded(pen, 0, room.y, floor.width, room.height, 6);
  }
  for (const title of floor.titles) {
    pen.font = FONT.replace("500", "600");
    pen.fillStyle = ink.text;
    pen.fillText(title.text, title.x, title.y);
    const { text, bad } = told(title.zone);
    const width = pen.measureText(title.text).width;
    pen.font = FONT;
    if (bad) pen.fillStyle = ink.bad;
    pen.fillText(text, title.x + width + 10, title.y);
  }
  pen.font = FONT;
  pen.fillStyle = ink.text;
  const last = new Map<number, number>();
  for (const rack of floor.racks) {
    if (rack.y - (last.get(rack.x) ?? -Infinity) < 14) continue; // names of low racks would cover one another
    pen.fillText(rack.text, rack.x, rack.y);
    last.set(rack.x, rack.y);
  }
}

/** One slot. A little ground around it is cleared, so that it may be drawn again over itself. */
export function paintCell(pen: CanvasRenderingContext2D, floor: Floor, cell: Cell, slot: SlotView, ink: Ink): void {
  const { x, y } = cell;
  const [w, h] = [floor.cellWidth, floor.cellHeight];
  const share = slot.capacity > 0 ? Math.min(1, (slot.count ?? 0) / slot.capacity) : 0;
  pen.fillStyle = ink.room;
  pen.fillRect(x - 1, y - 1, w + 2, h + 2);
  const r = w > 12 ? 2 : 0;
  const line = Math.max(1, Math.min(2, w / 9));
  pen.lineWidth = line;
  const frame = (colour: string) => {
    pen.strokeStyle = colour;
    pen.strokeRect(x + line / 2, y + line / 2, w - line, h - line);
  };
  switch (slot.status) {
    case "ok":
      pen.fillStyle = ink.base;
      rounded(pen, x, y, w, h, r);
      pen.fillStyle = ink.fill;
      rounded(pen, x, y + h * (1 - share), w, h * share, r);
      return;
    case "low":
      pen.fillStyle = ink.card;
      rounded(pen, x, y, w, h, r);
      pen.fillStyle = ink.warn;
      pen.fillRect(x, y + h * (1 - Math.max(0.2, Math.min(0.5, share))), w, h * Math.max(0.2, Math.min(0.5, share)));
      frame(ink.warn);
      return;
    case "empty":
      pen.fillStyle = ink.bad;
      rounded(pen, x, y, w, h, r);
      if (w > 9) stroke(pen, ink.on, [x + w * 0.3, y + h / 2, x + w * 0.7, y + h / 2], 2);
      return;
    case "over":
      pen.fillStyle = ink.over;
      rounded(pen, x, y, w, h, r);
      if (w > 9) stroke(pen, ink.on, [x + w / 2 - 4, y + h / 2 + 2, x + w / 2, y + h / 2 - 3, x + w / 2 + 4, y + h / 2 + 2], 1.75);
      return;
    case "silent":
      pen.fillStyle = ink.card;
      rounded(pen, x, y, w, h, r);
      frame(ink.text);
      stroke(pen, ink.text, [x + 2, y + h - 2, x + w - 2, y + 2], line);
      return;
    case "unknown":
      pen.fillStyle = ink.card;
      rounded(pen, x, y, w, h, r);
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

function rounded(pen: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, r: number): void {
  if (w <= 0 || h <= 0) return;
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
