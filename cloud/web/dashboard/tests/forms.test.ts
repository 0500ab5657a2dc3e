import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, dayOf, type Field, flaw, noon } from "../src/core/forms";
import { add } from "../src/words/words";
import { en } from "../src/words/trade_en";
import { zh } from "../src/words/trade_zh";
import { worded } from "../src/trade/form";
import { exactly } from "../src/words/refusing";
import { en as refusedEn } from "../src/words/refused_en";
import { zh as refusedZh } from "../src/words/refused_zh";
import { language } from "../src/words/words";

const units: Field = { name: "units", label: "Units", kind: "whole", needed: true, least: 1, most: 480 };

const whole = (text: string) => amount(text, "whole");
const decimal = (text: string) => amount(text, "money");

test("a number may be written with a point, a comma or spaces, and nothing else is one", () => {
  const typed = ["12", " 1 200 ", "12,5", "12.5", ".5", "-3", "", "12a", "1e3", "1,2,3", "0x10", "1 2", "40,0", "0,125"];
  for (const read of [whole, decimal]) assert.deepEqual(typed.map(read), [12, 1200, 12.5, 12.5, 0.5, -3, null, null, null, null, null, null, 40, 0.125]);
});

test("full-width digits, as Chinese keyboards write them, are digits", () => {
  assert.deepEqual(["１２０", "１，２００", "１２。５", "－３", "一"].map(whole), [120, 1200, 12.5, -3, null]);
});

test("thousands may be parted as the page parts them, and a number that can be read in two ways is not read", () => {
  for (const tongue of ["en", "zh"] as const) {
    language.value = tongue;
    assert.deepEqual(["1,000", "40,000", "1 000", "1\u00a0000", "1\u202f000", "1'000", "1,234,567", "1.234.567", "-1,000"].map(whole), [1000, 40_000, 1000, 1000, 1000, 1000, 1_234_567, 1_234_567, -1000]);
    assert.deepEqual(["1.000", "1.500"].map(whole), [null, null]);
    assert.deepEqual(["1,234.5", "1.234,5", "1 234,5", "1 000.250"].map(decimal), [1234.5, 1234.5, 1234.5, 1000.25]);
    assert.deepEqual(["1.234", "1,000", "12,345"].map(decimal), [1.234, null, null]);
  }
  language.value = "en";
});

test("and its field says as what it can be read", () => {
  add({ en, zh });
  assert.equal(flaw({ ...units, most: undefined }, "1,000"), null);
  assert.equal(worded(units, flaw(units, "1.000")!), "Units: this can be read as 1000 or as 1. Write the one that is meant.");
  const price: Field = { name: "price", label: "Price", kind: "money", least: 0 };
  assert.equal(worded(price, flaw(price, "1,234")!), "Price: this can be read as 1234 or as 1.234. Write the one that is meant.");
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

test("what is too much for the service is told at the field, whatever the field says of itself", () => {
  add({ en, zh });
  const stock: Field = { name: "stock", label: "Gloves", kind: "whole", least: 0 };
  assert.equal(worded(stock, flaw(stock, "99999999999999")!), "Gloves: too many. Enter 1,000,000,000 or less.");
});

test("a refusal is said in the language that is shown, with its figures, and never in the terms of programs", () => {
  add({ en: refusedEn, zh: refusedZh });
  const errors = [{ pointer: "/mass_g", detail: "Expected `float` <= 10000000.0", hint: "", code: "most" as const, limit: 1e7 }];
  const odd = [{ pointer: "/mass_g", detail: "Expected `float`, got `str`", hint: "", code: "" as const, limit: null }];
  const told = { worth: 360000170.8, limit: 100000 };
  for (const [tongue, most, read, dear, changed] of [
    ["en", "Too much: give 10,000,000 at most.", "What was sent can not be read.", /€360,000,170\.80, .*€100,000\.00 at most/, "ann changed this meanwhile. Look at it as it is now, then try again."],
    ["zh", "太大：最多为 10,000,000。", refusedZh["refused.bad_request"], /360,000,170\.80，.*100,000\.00/, "ann 刚刚修改了它。请查看现在的内容，然后再试。"],
  ] as const) {
    language.value = tongue;
    assert.equal(exactly({ reason: "bad_request", errors }), most);
    assert.equal(exactly({ reason: "bad_request", errors: odd }), read);
    assert.match(exactly({ reason: "above_limit", told }), dear);
    assert.match(exactly({ reason: "too_many", told: { sku: "gear", would: 1200, ordered: 40 } }), /gear.*1,200.*40/);
    assert.equal(exactly({ reason: "changed", by: "ann" }), changed);
    assert.equal(exactly({ reason: "changed" }), "");
    assert.equal(exactly({ reason: "of_no_words", told }), "");
  }
  language.value = "en";
});

test("a day is that day at the site, however far from here, also when its clocks change", () => {
  for (const zone of ["UTC", "Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Amsterdam"]) {
    for (const day of ["2026-11-24", "2026-03-29", "2026-10-25"]) assert.equal(dayOf(noon(day, zone), zone), day, zone);
  }
  assert.equal(dayOf(0, "UTC"), "");
});
