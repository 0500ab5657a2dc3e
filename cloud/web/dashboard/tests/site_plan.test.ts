import assert from "node:assert/strict";
import { test } from "node:test";
import { cells, extent, free, moved, sized, snap } from "../src/core/site_plan";

const ROOM = { x_m: 1, y_m: 1, width_m: 10, depth_m: 6 };

test("what is moved lies on the grid and never off the plan", () => {
  assert.deepEqual(moved(ROOM, 0.3, 0.2, 0.5), { ...ROOM, x_m: 1.5, y_m: 1 });
  assert.deepEqual(moved(ROOM, -9, -9, 0.5), { ...ROOM, x_m: 0, y_m: 0 });
  assert.equal(moved(ROOM, 9999, 0, 0.5).x_m, 1990);
  assert.equal(snap(0.3000004, 0.1), 0.3);
});

test("what is drawn out keeps its corner and never vanishes", () => {
  assert.deepEqual(sized(ROOM, 2.2, -9, 0.5), { ...ROOM, width_m: 12, depth_m: 0.5 });
});

test("the plan is as large as what stands on it, and never tiny", () => {
  assert.deepEqual(extent([]), { width: 20, depth: 10 });
  assert.deepEqual(extent([{ x_m: 30, y_m: 2, width_m: 5.5, depth_m: 20 }]), { width: 37, depth: 23 });
});

test("a new rack finds a free place in its room, a new room one below all others", () => {
  const size = { width_m: 4, depth_m: 1 };
  const first = free(size, [], ROOM, 0.5);
  const second = free(size, [first], ROOM, 0.5);
  assert.deepEqual(first, { x_m: 1.5, y_m: 1.5, ...size });
  assert.ok(second.x_m >= first.x_m + 4 || second.y_m >= first.y_m + 1);
  assert.equal(free(size, [ROOM], null, 0.5).y_m, 7.5);
});

test("slots stand in their bay, the lowest level lowest, along the longer side of the rack", () => {
  const rack = { x_m: 0, y_m: 0, width_m: 4, depth_m: 1 };
  const [one] = cells([{ bay: 2, level: 1 }], rack, 4, 2);
  assert.deepEqual(one!.area, { x_m: 1, y_m: 0.5, width_m: 1, depth_m: 0.5 });
  const [turned] = cells([{ bay: 2, level: 2 }], { ...rack, width_m: 1, depth_m: 4 }, 4, 2);
  assert.deepEqual(turned!.area, { x_m: 0, y_m: 1, width_m: 0.5, depth_m: 1 });
});
