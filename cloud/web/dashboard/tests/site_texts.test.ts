import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, fieldOf, read, shown, typed } from "../src/site/texts";
import type { FieldView } from "../src/types_site";

const field = (name: string, kind: FieldView["kind"], more: Partial<FieldView> = {}): FieldView => ({ name, kind, needed: false, default: null, least: null, most: null, above: false, below: false, choices: [], of: "", pattern: "", length_max: null, ...more });
const FIELDS = [field("name", "text", { needed: true }), field("capacity", "whole"), field("walls", "flag"), field("antennas", "pairs"), field("outer", "wholes"), field("area", "area")];
const BEFORE = { name: "Hall", capacity: 36, walls: true, antennas: { "2": "cold" }, outer: [1, 2], area: { x_m: 0, y_m: 1.5, width_m: 4, depth_m: 2 } };

test("what stands in the fields, left as it is, changes nothing", () => {
  const texts = Object.fromEntries(typed(FIELDS).map((one) => [one.name, shown(one, BEFORE)]));
  assert.deepEqual(texts, { name: "Hall", capacity: "36", walls: "true", antennas: "2=cold", outer: "1 2", "area.x_m": "0", "area.y_m": "1.5", "area.width_m": "4", "area.depth_m": "2" });
  assert.deepEqual(changes(FIELDS, BEFORE, texts), {});
});

test("only what was changed is sent, each as its kind has it", () => {
  assert.deepEqual(changes(FIELDS, BEFORE, { capacity: "40", walls: "false", antennas: "1=hall 2=cold", outer: "3", "area.x_m": "2,5" }), {
    capacity: 40, walls: false, antennas: { "1": "hall", "2": "cold" }, outer: [3], area: { x_m: 2.5, y_m: 1.5, width_m: 4, depth_m: 2 },
  });
  assert.deepEqual(changes(FIELDS, BEFORE, { capacity: "", name: " ", "area.x_m": "", "area.y_m": "", "area.width_m": "", "area.depth_m": "" }), { capacity: null, name: "", area: null });
});

test("what is no number is sent as it was typed, so that the service says what would be right", () => {
  assert.equal(read(FIELDS[1]!, "many"), "many");
  assert.equal(fieldOf("/area/x_m"), "area.x_m");
  assert.equal(fieldOf("/capacity"), "capacity");
});
