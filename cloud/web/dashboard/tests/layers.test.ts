import assert from "node:assert/strict";
import { test } from "node:test";
import { age, AGES_MS, asLayer, fill, heat, sought, temperature } from "../src/core/layers";
import type { SlotView, ZoneView } from "../src/types";

const slot = (of: Partial<SlotView>) => ({ id: "A1", sku: "bolt", capacity: 8, count: 4, at_ms: 1000, ...of }) as SlotView;
const zone = (of: Partial<ZoneView>) => ({ min_c: 2, max_c: 8, temperature_c: 5, ...of }) as ZoneView;

test("fill goes by quarters; what is not known, or too much, is apart", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 8].map((count) => fill(slot({ count }))), [0, 1, 1, 2, 2, 3, 4]);
  assert.deepEqual([fill(slot({ count: 9 })), fill(slot({ count: null })), fill(slot({ capacity: 0 }))], ["out", "unknown", "unknown"]);
});

test("of a slot that is silent the last count is not how full it is now", () => {
  assert.deepEqual([fill(slot({ status: "ok" })), fill(slot({ status: "silent" }))], [2, "unknown"]);
});

test("temperature goes by fifths of what is allowed", () => {
  assert.deepEqual([2, 3.3, 5, 6, 8].map((temperature_c) => temperature(zone({ temperature_c }))), [0, 1, 2, 3, 4]);
  assert.deepEqual([1.9, 8.1].map((temperature_c) => temperature(zone({ temperature_c }))), ["out", "out"]);
  assert.deepEqual([temperature(zone({ min_c: null })), temperature(zone({ temperature_c: null })), temperature(undefined)], [2, "unknown", "unknown"]);
});

test("a count is the older, the longer ago it was confirmed", () => {
  const now = 1e12;
  assert.deepEqual(AGES_MS.map((limit) => age(slot({ at_ms: now - limit }), now)), [0, 1, 2, 3]);
  assert.deepEqual([age(slot({ at_ms: now - 8 * 86_400_000 }), now), age(slot({ at_ms: 0 }), now), age(slot({ count: null }), now)], [4, "unknown", "unknown"]);
});

test("picks go by their logarithm up to the most", () => {
  assert.deepEqual([0, 1, 3, 10, 100].map((units) => heat(units, 100)), [0, 1, 2, 3, 4]);
  assert.equal(heat(3, 0), 0);
});

test("a search means slots and articles, by id and by name; an unknown layer is the status", () => {
  const slots = [slot({}), slot({ id: "B7", sku: "nut" })];
  const names = (sku: string) => (sku === "nut" ? "Hex nut M8" : sku);
  assert.deepEqual([[...sought("hex", slots, names)], [...sought("a1", slots, names)], [...sought(" ", slots, names)]], [["B7"], ["A1"], []]);
  assert.deepEqual([asLayer("fill"), asLayer("nonsense")], ["fill", "status"]);
});
