import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, fieldOf, grown, read, shown, typed, unclear } from "../src/site/texts";
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

test("a number that can be read in two ways is not sent, and its field says as what", () => {
  const fields = [field("capacity", "whole"), field("tare_g", "number"), field("name", "text")];
  assert.deepEqual(unclear(fields, { capacity: "1.000", tare_g: "1.5", name: "1.000" }).map(({ pointer, code, told }) => [pointer, code, told.thousands, told.decimal]), [["/capacity", "unclear", "1000", "1"]]);
  assert.deepEqual(unclear(fields, { capacity: "1,000", tare_g: "" }), []);
});

test("units that grew tenfold or more are asked about", () => {
  assert.deepEqual(grown({ capacity: 60, level: 1 }, { capacity: 1000, level: 12 }), [{ name: "capacity", from: 60, to: 1000 }]);
  assert.deepEqual(grown({ capacity: 60 }, { capacity: 599 }), []);
  assert.deepEqual(grown({}, { capacity: 599, moq: null }), []);
});
