import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn, floorOf } from "../src/core/drawn";
import { fits, plan } from "../src/core/floor";
import type { RackView, SlotView, ZoneView } from "../src/types";

const area = (x_m: number, y_m: number, width_m: number, depth_m: number) => ({ x_m, y_m, width_m, depth_m });
const hall = { id: "hall", name: "Hall", area: area(10, 10, 20, 10) } as ZoneView;
const cold = { id: "cold", name: "Cold", area: area(31, 10, 9, 10) } as ZoneView;
const slots = Array.from({ length: 60 }, (_, n) => ({ id: `A${Math.floor(n / 10)}-${n % 10}`, zone: n < 40 ? "hall" : "cold" }) as SlotView);
const rack = (id: string, where: ReturnType<typeof area>, first: number) =>
  ({ id, zone: "cold", name: id, bays: 5, levels: 2, area: where, slots: slots.slice(first, first + 10).map(({ id: slot }, n) => ({ id: slot, bay: (n % 5) + 1, level: n < 5 ? 1 : 2 })) }) as RackView;
const racks = [rack("C1", area(32, 11, 7, 3), 40), rack("C2", area(32, 16, 7, 3), 50)];

test("rooms are where they were drawn, each with its slots inside", () => {
  const floor = drawn(slots, [hall, cold], [], 900, 420)!;
  const [left, right] = floor.rooms;
  assert.ok(left!.x < right!.x && left!.y === right!.y && left!.width > 2 * right!.width);
  assert.ok(right!.x + right!.width <= 900 && floor.height <= 420);
  assert.ok(fits(floor, new Map(slots.map((slot) => [slot.id, slot]))));
  for (const cell of floor.cells) {
    const room = floor.rooms.find(({ zone }) => zone === cell.zone)!;
    assert.ok(cell.x >= room.x && cell.x + cell.width <= room.x + room.width && cell.y >= room.y && cell.y + cell.height <= room.y + room.height);
  }
});

test("a wide panel is used: the plan is drawn out to its sides, up to three times as much as downwards", () => {
  const wide = (width: number) => {
    const [left, right] = drawn(slots, [hall, cold], [], width, 300)!.rooms;
    return right!.x + right!.width - left!.x;
  };
  assert.equal(wide(2000), 2000);
  assert.equal(wide(4000), 2700);
});

test("on a rack that was placed each slot is at its bay, the lowest level in front", () => {
  const floor = drawn(slots, [hall, cold], racks, 900, 420)!;
  const at = new Map(floor.cells.map((cell) => [cell.id, cell]));
  assert.deepEqual(floor.racks.filter(({ text }) => text.startsWith("C")).map(({ text }) => text), ["C1", "C2"]);
  assert.ok(at.get("A4-1")!.x > at.get("A4-0")!.x && at.get("A4-1")!.y === at.get("A4-0")!.y);
  assert.ok(at.get("A4-5")!.y < at.get("A4-0")!.y && at.get("A4-5")!.x === at.get("A4-0")!.x);
  assert.ok(at.get("A5-0")!.y > at.get("A4-0")!.y);
  assert.equal(new Set(floor.cells.map(({ x, y }) => `${x} ${y}`)).size, 60);
});

test("where not every slot of a room is on a placed rack its racks stand side by side, and none is lost", () => {
  const floor = drawn(slots, [hall, cold], racks.slice(0, 1), 900, 420)!;
  assert.equal(floor.cells.length, 60);
});

test("without room for it, on a phone, or with a room that is not drawn or drawn twice, rooms are below one another", () => {
  const below = (zones: ZoneView[], width: number, height: number | null) => assert.deepEqual(floorOf(slots, zones, racks, width, height), plan(slots, zones, width, height));
  below([hall, cold], 120, 300);
  below([hall, cold], 390, null);
  below([hall, { ...cold, area: null }], 900, 420);
  below([hall, { ...cold, area: area(15, 12, 5, 5) }], 900, 420);
});

test("it asks for no more height than its rooms fill", () => {
  const most = floorOf(slots, [hall, cold], [], 900, Infinity).height;
  assert.ok(most > 200 && most < 900, `${most}`);
  assert.equal(floorOf(slots, [hall, cold], [], 900, most).height, most);
});
