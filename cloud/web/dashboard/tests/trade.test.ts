import assert from "node:assert/strict";
import { test } from "node:test";
import { distinct, height } from "../src/trade/curve";
import { shownIn } from "../src/trade/figures";
import { bodyOf, fieldsOf, priceOf } from "../src/trade/order_steps";
import { byUrgency, dueOf } from "../src/trade/orders";
import { because, choices } from "../src/trade/choice";
import { heldUntil } from "../src/trade/ahead";
import { bars } from "../src/trade/position";
import { outcome } from "../src/trade/portal_papers";
import { planFields, planLines, stockOf } from "../src/trade/portal_forms";
import type { CurvePoint, Heard, Offer, OrderLine, OrderView, PortalShelf } from "../src/trade/types";
import { worded } from "../src/trade/wish";
import type { NeedView, SkuView } from "../src/types";
import { en } from "../src/words/trade_en";
import { zh } from "../src/words/trade_zh";
import { en as refusedEn } from "../src/words/refused_en";
import { zh as refusedZh } from "../src/words/refused_zh";
import { add, days, language } from "../src/words/words";
import { en as portalEn } from "../src/words/portal_en";
import { zh as portalZh } from "../src/words/portal_zh";

add({ en, zh });
add({ en: portalEn, zh: portalZh });
add({ en: refusedEn, zh: refusedZh });
const DAY = 86_400_000;
const line = (more: Partial<OrderLine>): OrderLine => ({ sku: "a", units: 36, unit_price: 2.5, received: 0, rejected: 0, shipped: 0, due_ms: 10 * DAY, ...more });
const order = (more: Partial<OrderView>): OrderView => ({
  id: 7, supplier: "acme", supplier_name: "Acme", state: "sent", value: 90, lines: [line({})], created_ms: 0, changed_ms: 0, by: "anna", sent_ms: 1, needs: [], note: "",
  version: 3, late: false, may: [], asking: [], supplier_note: "", ...more,
});

test("the bar of a position ends where what is projected does, and never leaves its frame", () => {
  const at = { on_hand: 20, reserved: 4, quarantined: 0, available: 16, on_order: 5, in_transit: 0, perishing: 0, doubtful: 0, likely: 0, projected: 21 };
  const { parts, point } = bars(at, 50);
  assert.deepEqual(parts.map((one) => one.name), ["available", "on_order", "reserved"]);
  const [free, coming] = parts;
  assert.ok(Math.abs((coming!.x + coming!.width) / point! - 21 / 50) < 1e-9);
  assert.equal(free!.x, 0);
  const owing = bars({ ...at, on_hand: -8, available: -12, projected: -7 }, null);
  for (const one of [...parts, ...owing.parts]) assert.ok(one.x >= 0 && one.width > 0 && one.x + one.width <= 100.001, JSON.stringify(one));
});

test("points of a curve that lie on each other are drawn once, and a better fill is never lower", () => {
  const point = (fill: number, stock_value: number) => ({ level: fill, fill, stock_value }) as CurvePoint;
  assert.equal(distinct([point(0.8, 100), point(0.8, 100), point(0.9, 150)]).length, 2);
  const heights = [0.5, 0.8, 0.95, 0.99, 0.999, 1].map((fill) => height(fill, 0.5));
  assert.deepEqual(heights, [...heights].sort((a, b) => a - b));
  assert.deepEqual([heights[0], heights.at(-1)], [0, 1]);
});

test("a figure is told in its unit, whichever name the service has for it", () => {
  assert.equal(shownIn("pct", 93.14, "EUR"), "93.1\u00a0%");
  assert.equal(shownIn("share", 0.9314, "EUR"), "93.1%");
  assert.equal(shownIn("money", 41_280.4, "EUR"), "€41,280");
  assert.equal(shownIn("a year", 8.42, "EUR"), "8.4 × a year");
  assert.equal(shownIn("money a year", 41_280.4, "EUR"), "€41,280 a year");
});

test("late orders come first, then what is due first; an order with nothing to come is due never", () => {
  const all = [order({ id: 1, lines: [line({ due_ms: 9 * DAY })] }), order({ id: 2, lines: [line({ due_ms: 2 * DAY })] }), order({ id: 3, late: true }), order({ id: 4, lines: [line({ due_ms: 0 })] })];
  assert.deepEqual(all.sort(byUrgency).map((one) => one.id), [3, 2, 1, 4]);
  assert.equal(dueOf(order({ lines: [line({ received: 36 })] })), 0);
});

test("receiving asks for the rest of each line that is still to come, and sends only what was said", () => {
  const mine = order({ lines: [line({ received: 12 }), line({ sku: "b", received: 36 })] });
  const fields = fieldsOf("receive", mine, 0, "UTC");
  assert.deepEqual(fields.map((one) => [one.name, one.value]), [["received a", "24"], ["rejected a", "0"], ["note", undefined]]);
  assert.deepEqual(bodyOf("receive", mine, { "received a": "23", "rejected a": "1", note: "torn" }, "UTC"), { lines: [{ sku: "a", received: 23, rejected: 1 }], note: "torn" });
});

test("confirming on the same day keeps its hour, and another day is that day's noon", () => {
  const mine = order({});
  const values = { "units a": "36", "unit_price a": "2,5", "due_ms a": "1970-01-11", note: "" };
  assert.deepEqual(bodyOf("confirm", mine, values, "UTC"), { lines: [{ sku: "a", units: 36, unit_price: 2.5, due_ms: 10 * DAY }] });
  assert.equal(bodyOf("confirm", mine, { ...values, "due_ms a": "1970-01-12" }, "UTC").lines?.[0]?.due_ms, 11.5 * DAY);
});

test("cancelling asks why, and says nothing of lines", () => {
  assert.deepEqual(fieldsOf("cancel", order({}), 0, "UTC").map((one) => [one.name, one.needed]), [["note", true]]);
  assert.deepEqual(bodyOf("cancel", order({}), { note: "not needed" }, "UTC"), { note: "not needed" });
});

test("a price stands in its field as people write it, and what was not touched is sent as it is", () => {
  assert.deepEqual([11 / 15, 12.5, 3, 0.00123456, 1.23456, 0].map(priceOf), ["0.7333", "12.5", "3", "0.001235", "1.2346", "0"]);
  const mine = order({ lines: [line({ unit_price: 11 / 15 })] });
  const price = fieldsOf("confirm", mine, 0, "UTC").find((one) => one.name === "unit_price a");
  assert.equal(price?.value, "0.7333");
  assert.equal(bodyOf("confirm", mine, { "unit_price a": "0.7333" }, "UTC").lines?.[0]?.unit_price, 11 / 15);
  assert.equal(bodyOf("confirm", mine, { "unit_price a": "0.74" }, "UTC").lines?.[0]?.unit_price, 0.74);
});

test("the number of a dispatch note goes along with what is shipped, and with nothing else", () => {
  assert.ok(fieldsOf("ship", order({}), 0, "UTC").some((one) => one.name === "key"));
  assert.equal(bodyOf("ship", order({}), { "units a": "36", key: " ASN-7 " }, "UTC").key, "ASN-7");
  assert.equal(bodyOf("confirm", order({}), { "units a": "36", key: "ASN-7" }, "UTC").key, undefined);
});

test("a plan names the shelves that something was entered for, on the day at the site", () => {
  const shelf = (sku: string, more: Partial<PortalShelf> = {}) => ({ sku, name: sku, least: 10, most: 40, projected: 30, ...more }) as PortalShelf;
  const shelves = [shelf("a"), shelf("b", { projected: 4 }), shelf("c", { projected: 40 }), shelf("d", { most: null })];
  assert.deepEqual(planFields(shelves, 0, "UTC").map((one) => one.hint), ["room for 10", "6 below the least", "full", "", undefined]);
  assert.deepEqual(planLines(shelves, { "units a": "", "units b": "12", due_ms: "" }, "UTC"), [{ sku: "b", units: 12 }]);
  assert.deepEqual(planLines(shelves, { "units b": "12", due_ms: "1970-01-03" }, "UTC"), [{ sku: "b", units: 12, due_ms: 2.5 * DAY }]);
});

test("only what changed is told of what a supplier has, and an emptied field takes it back", () => {
  assert.deepEqual(stockOf(["a", "b", "c", "d"], { a: 5, b: 6, d: 7 }, { "stock a": "5", "stock b": "", "stock c": "0", "stock d": "8" }), { b: null, c: 0, d: 8 });
});

test("a proposal of one supplier is one of the choices; one of several is a choice of its own, and comes first", () => {
  const offer = (supplier: string, chosen: number) => ({ supplier, chosen }) as Offer;
  assert.deepEqual(choices([offer("a", 40), offer("b", 0)]).map(({ supplier, of }) => [supplier, of.length]), [["a", 1], ["b", 1]]);
  const split = choices([offer("a", 40), offer("b", 20), offer("c", 0)]);
  assert.deepEqual(split.map(({ supplier, of }) => [supplier, of.length]), [["", 2], ["a", 1], ["b", 1], ["c", 1]]);
});

test("why it is chosen and what tells against it have words of their own", () => {
  assert.equal(because({ chosen: 12, why: "score" }), en["chosen.score"]);
  assert.equal(because({ chosen: 0, why: "score" }), en["against.score"]);
  assert.equal(because({ chosen: 0, why: "" }), "");
});

test("a paper is done as a whole, in part or not at all", () => {
  const heard = (...done: Heard["done"]): Heard => ({ done, problems: [] });
  const yes = { action: "confirm", order: order({}) } as const;
  const no = { reason: "unit", detail: "", hint: "" };
  assert.deepEqual([heard(yes), heard(yes, no), heard(no), heard()].map(outcome), ["whole", "part", "none", "none"]);
});

test("a refusal is told in the page's language, with the service's own words beside it; in English those say it all", () => {
  const said = { reason: "short", detail: "3 are there, 5 were asked", hint: "take 3" };
  assert.deepEqual(worded(said), { words: "3 are there, 5 were asked. Take 3.", english: "" });
  assert.deepEqual(worded({ reason: "short", detail: "", hint: "" }), { words: refusedEn["refused.short"], english: "" });
  language.value = "zh";
  assert.deepEqual(worded(said), { words: refusedZh["refused.short"], english: "3 are there, 5 were asked. Take 3." });
  assert.deepEqual(worded({ ...said, reason: "gremlins" }), { words: "", english: "3 are there, 5 were asked. Take 3." });
  assert.equal(days(1), "1天");
  language.value = "en";
  assert.deepEqual([days(1), days(3.14)], ["1 day", "3.1 days"]);
});

test("until when an article is held back is as it is now; of one that is gone, as its need says", () => {
  const need = { why: { held_until_ms: 5 } } as unknown as NeedView;
  assert.equal(heldUntil({ held_until_ms: 0 } as SkuView, need), 0);
  assert.equal(heldUntil(undefined, need), 5);
  assert.equal(heldUntil(undefined, { why: {} } as NeedView), 0);
});
