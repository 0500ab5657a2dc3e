import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, dayOf, type Field, flaw, noon } from "../src/core/forms";
import { add } from "../src/words/words";
import { en } from "../src/words/trade_en";
import { zh } from "../src/words/trade_zh";
import { worded } from "../src/trade/form";

const units: Field = { name: "units", label: "Units", kind: "whole", needed: true, least: 1, most: 480 };

test("a number may be written with a point, a comma or spaces, and nothing else is one", () => {
  assert.deepEqual(["12", " 1 200 ", "12,5", "12.5", ".5", "-3", "", "12a", "1e3", "1,2,3", "0x10"].map(amount), [12, 1200, 12.5, 12.5, 0.5, -3, null, null, null, null, null]);
});

test("each field says what is wrong with it", () => {
  assert.equal(flaw(units, "34"), null);
  assert.equal(flaw(units, " ")?.code, "needed");
  assert.equal(flaw({ ...units, needed: false }, ""), null);
  assert.equal(flaw(units, "many")?.code, "number");
  assert.equal(flaw(units, "1.5")?.code, "whole");
  assert.deepEqual(flaw(units, "0"), { code: "between", least: 1, most: 480 });
  assert.deepEqual(flaw({ ...units, most: undefined }, "0"), { code: "least", least: 1 });
  const id: Field = { name: "name", label: "Name", kind: "text", id: true, most: 64 };
  assert.deepEqual(["erp", "e_r-P9", "e@rp", "e rp", "é"].map((text) => flaw(id, text)?.code), [undefined, undefined, "id", "id", "id"]);
  const due: Field = { name: "due", label: "Due", kind: "date", from: "2026-11-22" };
  assert.equal(flaw(due, "2026-11-22"), null);
  assert.equal(flaw(due, "2026-11-21")?.code, "early");
  assert.equal(flaw(due, "2026-02-31x")?.code, "date");
  assert.equal(flaw({ name: "note", label: "Note", kind: "text" }, "x".repeat(501))?.code, "long");
});

test("and the words name the field, why, and what would be right", () => {
  add({ en, zh });
  assert.equal(worded(units, flaw(units, "500")!), "Units: enter a number from 1 to 480.");
});

test("a day is that day at the site, however far from here, also when its clocks change", () => {
  for (const zone of ["UTC", "Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Amsterdam"]) {
    for (const day of ["2026-11-24", "2026-03-29", "2026-10-25"]) assert.equal(dayOf(noon(day, zone), zone), day, zone);
  }
  assert.equal(dayOf(0, "UTC"), "");
});
