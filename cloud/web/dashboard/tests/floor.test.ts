import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, fits, plan, rackOf } from "../src/core/floor";
import type { SlotView, ZoneView } from "../src/types";

const slots = Array.from({ length: 2000 }, (_, n) => ({ id: `A${String(Math.floor(n / 40) + 1).padStart(2, "0")}-${n % 40}`, zone: n < 1500 ? "dry" : "cool" }) as SlotView);
const zones = [{ id: "dry", name: "Dry" }, { id: "cool", name: "Cool" }, { id: "none", name: "Nothing here" }] as ZoneView[];

test("every slot has its own place inside the room there is", () => {
  const floor = plan(slots, zones, 900, 420);
  assert.equal(floor.cells.length, 2000);
  assert.equal(new Set(floor.cells.map((cell) => `${cell.x} ${cell.y}`)).size, 2000);
  assert.ok(floor.height <= 420, `too high: ${floor.height}`);
  assert.ok(floor.cells.every((cell) => cell.x >= 0 && cell.x + cell.width <= 900 && cell.y + cell.height <= floor.height));
  assert.deepEqual(floor.rooms.map((room) => room.zone), ["dry", "cool"]);
});

test("few slots get larger cells than many", () => {
  assert.ok(plan(slots.slice(0, 80), zones, 900, 420).cells[0]!.height > plan(slots, zones, 900, 420).cells[0]!.height);
});

test("there is a height that the largest cells fill, beyond which nothing would be drawn", () => {
  const few = slots.slice(0, 80);
  const largest = plan(few, zones, 900, Infinity);
  assert.ok(Number.isFinite(largest.height) && largest.height < 1000, `${largest.height}`);
  assert.equal(plan(few, zones, 900, largest.height).height, largest.height);
  assert.equal(plan(few, zones, 900, 5000).height, largest.height);
});

test("a map that scrolls with the page keeps its cells large while it can, and ends before a phone could not draw it", () => {
  assert.equal(plan(slots.slice(0, 100), zones, 390, null).cells[0]!.height, 28);
  assert.ok(plan(slots, zones, 390, null).height <= 1200);
});

test("on a phone the plan is as high as its cells need and as wide as the screen", () => {
  const floor = plan(slots.slice(0, 200), zones, 320, null);
  assert.ok(floor.cells.every((cell) => cell.x + cell.width <= 320));
});

test("a point inside a cell finds it, one beside all does not", () => {
  const floor = plan(slots, zones, 900, 420);
  const cell = floor.cells[777]!;
  assert.equal(cellAt(floor, cell.x + cell.width / 2, cell.y + cell.height / 2)?.id, cell.id);
  assert.equal(cellAt(floor, -50, -50), null);
});

test("a plan fits its slots until one comes, goes or moves to another zone", () => {
  const floor = plan(slots, zones, 900, 420);
  const held = new Map(slots.map((slot) => [slot.id, slot]));
  assert.ok(fits(floor, held));
  assert.ok(!fits(floor, new Map(held).set("A01-0", { ...slots[0]!, zone: "cool" })));
  assert.ok(!fits(floor, new Map(held).set("Z99-1", slots[0]!)));
});

test("a slot's rack is its name up to the last dash", () => {
  assert.equal(rackOf("A01-03"), "A01");
  assert.equal(rackOf("north-A-7"), "north-A");
  assert.equal(rackOf("single"), "single");
});
