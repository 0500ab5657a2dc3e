import assert from "node:assert/strict";
import { test } from "node:test";
import { distinct, height } from "../src/trade/curve";
import { shownIn } from "../src/trade/figures";
import { bodyOf, fieldsOf, priceOf, raised } from "../src/trade/order_steps";
import { byUrgency, dueOf } from "../src/trade/orders";
import { cameOf } from "../src/trade/arrivals";
import { askedValue, asks, asTheyAre } from "../src/trade/asking";
import { because, choices } from "../src/trade/choice";
import { caused } from "../src/trade/found";
import { changes } from "../src/trade/order_history";
import { heldUntil } from "../src/trade/ahead";
import { bars } from "../src/trade/position";
import { outcome } from "../src/trade/portal_papers";
import { planFields, planLines, stockOf } from "../src/trade/portal_forms";
import type { CurvePoint, Finding, Heard, Offer, OrderLine, OrderVersion, OrderView, PortalShelf, Step } from "../src/trade/types";
import { worded } from "../src/trade/wish";
import type { NeedView, SkuView } from "../src/types";
import { en } from "../src/words/trade_en";
import { zh } from "../src/words/trade_zh";
import { en as refusedEn } from "../src/words/refused_en";
import { zh as refusedZh } from "../src/words/refused_zh";
import { add, days, known, language, number, say } from "../src/words/words";
import { en as ordersEn } from "../src/words/orders_en";
import { zh as ordersZh } from "../src/words/orders_zh";
import { en as portalEn } from "../src/words/portal_en";
import { zh as portalZh } from "../src/words/portal_zh";

add({ en, zh });
add({ en: ordersEn, zh: ordersZh });
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

test("what is in doubt is drawn once: what of it is likely there with what is free, the rest with what is taken", () => {
  const at = { on_hand: 20, reserved: 4, quarantined: 0, available: 10, on_order: 5, in_transit: 0, perishing: 0, doubtful: 6, likely: 2, projected: 17 };
  const { parts, point } = bars(at, 17);
  assert.deepEqual(parts.map((one) => one.name), ["available", "on_order", "likely", "reserved", "doubtful"]);
  const [likely, doubtful] = [parts[2]!, parts[4]!];
  assert.ok(Math.abs(likely.x + likely.width - point!) < 1e-9);
  assert.ok(Math.abs(doubtful.width - 2 * likely.width) < 1e-9);
});

test("points of a curve that lie on each other are drawn once, and a better fill is never lower", () => {
  const point = (fill: number, stock_value: number) => ({ level: fill, fill, stock_value }) as CurvePoint;
  assert.equal(distinct([point(0.8, 100), point(0.8, 100), point(0.9, 150)]).length, 2);
  const heights = [0.5, 0.8, 0.95, 0.99, 0.999, 1].map((fill) => height(fill, 0.5));
  assert.deepEqual(heights, [...heights].sort((a, b) => a - b));
  assert.deepEqual([heights[0], heights.at(-1)], [0, 1]);
});

test("a figure is told in its unit, whichever name the service has for it", () => {
  assert.equal(shownIn("pct", 93.14, "EUR"), "93.1%");
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
  const shelf = (sku: string, more: Partial<PortalShelf> = {}) => ({ sku, name: sku, least: 10, most: 40, projected: 30, coming: 4, ...more }) as PortalShelf;
  const shelves = [shelf("a"), shelf("b", { projected: 4 }), shelf("c", { projected: 40 }), shelf("d", { most: null })];
  assert.deepEqual(planFields(shelves, 0, "UTC").map((one) => one.hint), ["room for 10", "6 below the least", "full", "", undefined]);
  assert.deepEqual(planLines(shelves, { "units a": "", "units b": "12", due_ms: "" }, "UTC"), [{ sku: "b", units: 12, coming: 4 }]);
  assert.deepEqual(planLines(shelves, { "units b": "12", due_ms: "1970-01-03" }, "UTC"), [{ sku: "b", units: 12, coming: 4, due_ms: 2.5 * DAY }]);
});

test("an amount is sent as it was typed, its thousands parted or not, and never a part of it", () => {
  const mine = order({ lines: [line({ units: 4000 })] });
  assert.equal(bodyOf("receive", mine, { "received a": "1,000", "rejected a": "1 000", note: "torn" }, "UTC").lines?.[0]?.received, 1000);
  assert.equal(bodyOf("receive", mine, { "received a": "1,000", "rejected a": "1 000", note: "torn" }, "UTC").lines?.[0]?.rejected, 1000);
  assert.equal(bodyOf("change", mine, { "units a": "40,000" }, "UTC").lines?.[0]?.units, 40_000);
  const shelf = { sku: "b", name: "b", least: 10, most: 4000, projected: 30, coming: 0 } as PortalShelf;
  assert.deepEqual(planLines([shelf], { "units b": "1,000", due_ms: "" }, "UTC"), [{ sku: "b", units: 1000, coming: 0 }]);
  assert.deepEqual(stockOf(["a"], {}, { "stock a": "1,000" }), { a: 1000 });
});

test("more than before is asked about, without what counts as coming already", () => {
  const sent = order({ lines: [line({ received: 10 }), line({ sku: "b" })] });
  assert.deepEqual(raised(sent, [{ sku: "a", units: 40 }, { sku: "b", units: 36 }]), [{ sku: "a", units: 30, counted: 26 }]);
  assert.deepEqual(raised(order({ state: "draft" }), [{ sku: "a", units: 40 }]), [{ sku: "a", units: 40, counted: 0 }]);
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
  const ask = { action: "ask", order: order({}) } as const;
  assert.deepEqual([heard(yes), heard(yes, no), heard(no), heard()].map(outcome), ["whole", "part", "none", "none"]);
  assert.deepEqual([heard(ask), heard(yes, ask), heard(ask, no), { ...heard(yes), again: true }].map(outcome), ["asked", "part", "part", "again"]);
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

const asked = order({ lines: [line({ unit_price: 2 }), line({ sku: "b", unit_price: 1 })], asking: [{ sku: "a", units: 30, unit_price: 3, due_ms: 10 * DAY }] });

test("of what a supplier asks for only what differs is told, old beside new, and what it would all come to", () => {
  assert.deepEqual(asks(asked, (value) => number(value)), [{ sku: "a", changes: [[say("order.units"), "36", "30"], [say("order.price"), "2", "3"]] }]);
  assert.equal(askedValue(asked), 30 * 3 + 36);
  assert.equal(askedValue({ ...asked, asking: [] }), 36 * 2 + 36);
});

test("to decline says the lines as they are, and nothing of what was asked", () => {
  assert.deepEqual(asTheyAre(asked), { lines: [{ sku: "a", units: 36 }, { sku: "b", units: 36 }] });
});

test("who confirms anew finds what was asked for last, and may still confirm all that was ordered", () => {
  const field = (name: string) => fieldsOf("confirm", asked, 0, "UTC").find((one) => one.name === name);
  assert.deepEqual([field("units a")?.value, field("units a")?.most, field("unit_price a")?.value, field("units b")?.value], ["30", 36, "3", "36"]);
  assert.equal(fieldsOf("change", asked, 0, "UTC")[0]?.value, "36");
});

test("the history tells what was asked for, though no line changed", () => {
  const version = (action: string, of: OrderView) => ({ at_ms: 0, by: "vera", action, order: of }) as OrderVersion;
  const before = version("send", order({ lines: asked.lines }));
  assert.equal(changes(before, version("ask", asked)).length, 2);
  assert.ok(changes(before, version("ask", asked))[1]!.includes("2 → 3"));
  assert.deepEqual(changes(version("ask", asked), version("change", order({ lines: asked.lines }))), []);
});

test("of what came all is kept only where somebody says so, but for what is rejected", () => {
  assert.deepEqual(cameOf({ units: "37", rejected: "0" }, 42), { units: 37 });
  assert.deepEqual(cameOf({ units: "37", rejected: "2", note: "torn", all: "yes" }, 42), { units: 40, anyway: true, rejected: 2, note: "torn" });
  assert.deepEqual(cameOf({ units: "42", anyway: "yes" }, 42), { units: 42, anyway: true });
});

test("every limit, verdict, cause, step and state that the service knows has words", () => {
  // the types are those of the service, so that none is left out here; causes and reasons are in cloud/core/counting
  const limits: Record<SkuView["limits"][number], true> = { expires_first: true, least_lot_too_large: true, promise_out_of_reach: true, promise_too_dear: true, shelves_too_small: true };
  const planned: Record<Exclude<SkuView["verdict"], "">, true> = { order: true, enough: true, demand_unknown: true, no_demand: true, stock_unknown: true, discontinued: true, unfit: true };
  const verdicts: Record<Finding["verdict"], true> = { agrees: true, recount: true, differs: true };
  const states: Record<OrderView["state"], true> = { approved: true, cancelled: true, closed: true, confirmed: true, draft: true, partly_received: true, received: true, sent: true };
  const steps: Record<Step, true> = { approve: true, send: true, confirm: true, change: true, ship: true, receive: true, close: true, cancel: true };
  const families: [string, string[]][] = [
    ["limit", Object.keys(limits)],
    ["planned", Object.keys(planned)],
    ["verdict", Object.keys(verdicts)],
    ["order_state", Object.keys(states)],
    ["step", Object.keys(steps)],
    ["done", [...Object.keys(steps), "draft", "plan", "ask", "take_back"]],
    ["cause", ["moved_while_counting", "wrong_slot", "receipt_not_booked", "quarantined", "unit_slip", "debt", "sensor_doubt"]],
    ["count_reason", ["recount", "unknown", "differs", "debt", "unexplained", "doubt", "due", "never"]],
  ];
  assert.deepEqual(families.flatMap(([family, codes]) => codes.filter((code) => !known(family, code)).map((code) => `${family}.${code}`)), []);
});

test("goods that may be those of an order name it", () => {
  assert.notEqual(caused({ code: "receipt_not_booked", units: 3, evidence: { order: 7, awaited: 3 } }), caused({ code: "receipt_not_booked", units: 3, evidence: { put_units: 3, slot: "a", at_ms: 1 } }));
  assert.match(caused({ code: "receipt_not_booked", units: 3, evidence: { order: 7, awaited: 3 } }), /Order no. 7/);
});
