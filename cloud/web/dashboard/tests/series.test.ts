import assert from "node:assert/strict";
import { test } from "node:test";
import { appended, extent, span, steps, stretches, withGaps } from "../src/core/series";

test("missing data is a gap, not a line across it", () => {
  const { t, v } = withGaps({ t: [0, 10, 20, 200, 210], v: [1, 2, 3, 4, 5] });
  assert.deepEqual(v, [1, 2, 3, null, 4, 5]);
  assert.equal(t.length, v.length);
  assert.ok(t.every((at, i) => i === 0 || at > t[i - 1]!));
});

test("a null from the service stays a gap", () => {
  assert.deepEqual(withGaps({ t: [0, 10, 20], v: [1, null, 3] }).v, [1, null, 3]);
});

test("a live sample is added once, and what is too old leaves", () => {
  const grown = appended({ t: [0, 10, 20], v: [1, 2, 3] }, 30, 4, 15);
  assert.deepEqual(grown, { t: [20, 30], v: [3, 4] });
  assert.equal(appended(grown, 30, 9, 15), grown);
});

test("an axis holds the samples and the allowed band", () => {
  const [low, high] = span([4, null, 5], [2, 8]);
  assert.ok(low < 2 && high > 8);
  assert.deepEqual(span([], [null, null]), [0, 1]);
});

test("coldest, mean and warmest are of what was measured; a gap counts for nothing", () => {
  const t = [0, 10, 20, 30, 1000, 1010, 1020];
  assert.deepEqual(extent({ t, v: [4, 4, 4, 4, 8, 8, 8] }), { low: 4, mean: (30 * 4 + 20 * 8) / 50, high: 8 });
  assert.equal(extent({ t: [], v: [] }), null);
});

test("a door stood open from the sample that says so to the next that does not, or to now", () => {
  assert.deepEqual(stretches({ t: [0, 5, 9, 20], v: [0, 1, 0, 1] }, 30), [{ from: 5, to: 9 }, { from: 20, to: 30 }]);
});

test("what is told only when it changes keeps its value until then, and until now", () => {
  assert.deepEqual(steps({ t: [0, 100], v: [9, 4] }, 150), { t: [0, 100, 100, 150], v: [9, 9, 4, 4] });
  assert.deepEqual(steps({ t: [], v: [] }, 150), { t: [], v: [] });
});
