import assert from "node:assert/strict";
import { test } from "node:test";
import { alike, ALIKE_MIN } from "../src/core/alike";
import { many, manySince } from "../src/core/known";
import { across, down, line, ticks } from "../src/core/spark";
import type { AlertView } from "../src/types";

const SPAN = { from: 0, to: 100, low: 0, high: 10 };
const alert = (id: number, of: Partial<AlertView> = {}) => ({ id, rule: "device_silent", zone: "dry", state: "firing", ...of }) as AlertView;

test("a line goes from left to right, high values on top, and is open where nothing was measured", () => {
  assert.equal(line({ t: [0, 50, 60, 100], v: [0, 5, null, 10] }, SPAN), "M0 100L50 50M100 0h.01");
  assert.equal(line({ t: [-10, 0, 10], v: [1, 5, 5] }, SPAN), "M0 50L10 50");
  assert.equal(line({ t: [], v: [] }, SPAN), "");
});

test("what lies outside is drawn outside, and a span of nothing divides by nothing", () => {
  assert.deepEqual([across(25, SPAN), down(2.5, SPAN), down(12, SPAN)], [25, 75, -20]);
  assert.deepEqual([down(3, { ...SPAN, low: 3, high: 3 })], [100]);
});

test("ticks are round, within the range, and two at least", () => {
  assert.deepEqual(ticks(0, 10), [0, 5, 10]);
  assert.deepEqual(ticks(-26.1, -17.2), [-25, -20]);
  assert.deepEqual(ticks(2, 8), [2, 4, 6, 8]);
  assert.ok(ticks(0.31, 0.39).length >= 2);
  assert.deepEqual([ticks(1, 1), ticks(Number.NaN, 1)], [[], []]);
});

test("many alerts of one rule in one zone are one row, where the first of them would stand", () => {
  const flood = Array.from({ length: 500 }, (_, n) => alert(n + 10, { zone: n % 2 ? "dry" : "cool" }));
  const worst = alert(1, { rule: "zone_temperature" });
  assert.deepEqual(alike([worst, ...flood]).map((row) => [row[0]!.id, row.length]), [[1, 1], [10, 250], [11, 250]]);
});

test("a few alike stay as they are, and so do those that somebody took on", () => {
  const few = Array.from({ length: ALIKE_MIN - 1 }, (_, n) => alert(n));
  const taken = Array.from({ length: ALIKE_MIN - 1 }, (_, n) => alert(n + 9, { state: "acknowledged" }));
  assert.equal(alike([...few, ...taken]).length, 2 * (ALIKE_MIN - 1));
});

test("a single silent slot makes no figure of all shelves old; many do, as of when they became many", () => {
  assert.deepEqual([many(0, 0), many(1, 4), many(2, 4), many(10, 100), many(11, 100), many(4, 4)], [false, false, true, false, true, true]);
  assert.equal(manySince([900, 800, 100], 20), 900); // one and another were silent before
  assert.equal(manySince([500, 500], 2), 500);
  assert.equal(manySince([0, 700], 4), 700); // one was never known
  assert.equal(manySince([], 4), 0);
});
