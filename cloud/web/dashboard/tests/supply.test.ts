import assert from "node:assert/strict";
import { test } from "node:test";
import { at, DAY_MS, demandOf, reach, stockOf } from "../src/core/course";
import { changed } from "../src/core/compared";
import { effect, isSnoozed, kept, orderOf, ordersOf, ranked, strange, tabOf } from "../src/core/queue";
import { read, replenishHref, skuPageHref } from "../src/route";
import type { NeedView, OrderView } from "../src/types";
import type { SkuCourse, Suggestion } from "../src/types_supply";
import { en } from "../src/words/supply_en";
import { zh } from "../src/words/supply_zh";

const NOW = 100 * DAY_MS;
const course = (more: Partial<SkuCourse> = {}): SkuCourse => ({
  sku: "tea", at_ms: NOW, from_ms: 0, days: [NOW - 2 * DAY_MS, NOW - DAY_MS], demand: [4, null], times: [NOW - 2 * DAY_MS, NOW - DAY_MS, NOW - DAY_MS / 2, NOW], stock: [10, null, 6, 6],
  coming: [], lead_time_days: 1, reorder_point: 8, order_up_to: 20, served: { days: 2, asked: 4, given: 4 }, card: null,
  ahead: {
    times: [NOW, NOW + DAY_MS, NOW + 2 * DAY_MS], there: [6, 2, -2], low95: [6, 0, -8], low80: [6, 1, -4], high80: [6, 3, 0], high95: [6, 4, 2],
    demand: [4, 4], demand_low95: [1, 1], demand_low80: [2, 2], demand_high80: [6, 6], demand_high95: [7, 7], out: { early_ms: NOW + DAY_MS, likely_ms: NOW + 1.5 * DAY_MS, late_ms: 0 },
  },
  ...more,
});

test("what was measured and what is foretold stand apart, and a gap stays one", () => {
  const drawn = stockOf(course());
  assert.deepEqual(drawn.measured, [10, null, 6, 6, null, null, null]);
  assert.deepEqual(drawn.expected, [null, null, null, null, 6, 2, 0]);
  assert.equal(drawn.t.length, drawn.low95.length);
});

test("an order is drawn from when it would come", () => {
  assert.deepEqual(stockOf(course(), 10).ordered, [null, null, null, null, null, 12, 8]);
  assert.ok(stockOf(course()).ordered.every((one) => one === null));
});

test("a day out of stock has no demand, and today is the first that is foretold", () => {
  const drawn = demandOf(course());
  assert.deepEqual(drawn.measured.slice(0, 2), [4, null]);
  assert.deepEqual(drawn.expected, [null, null, 4, 4]);
  assert.equal(drawn.t[2]! * 1000, NOW + DAY_MS / 2);
});

test("without a forecast only the past is drawn", () => {
  const drawn = stockOf(course({ ahead: null }));
  assert.equal(drawn.t.length, 4);
  assert.deepEqual(at(drawn, (NOW + DAY_MS) / 1000), { measured: 6, expected: null, low80: null, high80: null });
});

test("a chart is read at any time: measured before now, between two days behind it", () => {
  const drawn = stockOf(course());
  assert.equal(at(drawn, (NOW - 1.7 * DAY_MS) / 1000)?.measured, 10);
  assert.equal(at(drawn, (NOW - 0.8 * DAY_MS) / 1000)?.measured, null);
  assert.equal(at(drawn, (NOW + 0.5 * DAY_MS) / 1000)?.expected, 4);
  assert.equal(at(drawn, 0), null);
});

test("a chart reaches no further back than anything is known, and past the lead time", () => {
  const { from, to } = reach(course(), 365);
  assert.equal(from, NOW - 7 * DAY_MS);
  assert.equal(to, NOW + 2 * DAY_MS);
});

const need = (id: number, until = 0) => ({ id, why: until ? { snoozed_until_ms: until } : {} }) as unknown as NeedView;

test("what runs out first stands first; what nobody knows of keeps its place behind", () => {
  const queue = new Map([[1, { out_ms: 900 }], [2, { out_ms: 500 }], [3, { out_ms: 0 }]] as [number, Suggestion][]);
  assert.deepEqual(ranked([need(4), need(1), need(3), need(2)], queue).map((one) => one.id), [2, 1, 4, 3]);
});

test("what was put off comes back when its time is over", () => {
  assert.ok(isSnoozed(need(1, 500), 499));
  assert.ok(!isSnoozed(need(1, 500), 500));
  assert.ok(!isSnoozed(need(1), 0));
});

test("a need is on the order that was made of it, until that is cancelled", () => {
  const order = (id: number, state: OrderView["state"], needs: number[]) => ({ id, state, needs }) as OrderView;
  const wanted = { id: 7, order: 3 } as NeedView;
  assert.equal(orderOf(wanted, [order(2, "draft", [1]), order(3, "sent", [])])?.id, 3);
  assert.equal(orderOf(wanted, [order(4, "draft", [7])])?.id, 4);
  assert.equal(orderOf(wanted, [order(3, "cancelled", [7])]), undefined);
});

test("while somebody is about to act nothing moves, and what is new comes last", () => {
  assert.deepEqual(kept([3, 1, 2], [9, 2, 3]), [3, 1, 2, 9]);
});

test("an order of years, or of more than the shelves hold, is strange; what is proposed is not", () => {
  const one = { daily: 4, on_hand: 10, coming: 20 };
  assert.deepEqual(strange(120, one, 180), { days: null, room: null });
  assert.deepEqual(strange(99_999_999, one, 180), { days: 24_999_999.75, room: 180 });
  assert.deepEqual(strange(151, one, 180), { days: null, room: 180 });
  assert.deepEqual(strange(1461, { ...one, daily: null }, null), { days: null, room: null });
});

test("orders stand in the tab of their state, and late ones in their own too", () => {
  const order = (id: number, state: OrderView["state"], late = false) => ({ id, state, late }) as OrderView;
  const all = [order(1, "draft"), order(2, "sent", true), order(3, "confirmed"), order(4, "received"), order(5, "cancelled")];
  assert.deepEqual((["decide", "drafts", "sent", "late", "received"] as const).map((tab) => ordersOf(tab, all).map((one) => one.id)), [[], [1], [2, 3], [2], [4]]);
  assert.equal(tabOf("nowhere"), "decide");
});

test("an order lifts the line from when it comes, and it is told where the other ends", () => {
  const one = { there: [8, 4, 0, -4], lead_time_days: 1, reorder_point: 6 } as unknown as Suggestion;
  const drawn = effect(one, 8, 3);
  assert.equal(drawn.out, 2 / 3);
  assert.ok(drawn.with_order.startsWith("M0.0 "));
  assert.equal(drawn.without.split("L").length, 4);
  assert.equal(effect({ ...one, there: [8, 7, 6, 5] }, 0, 3).out, null);
});

test("an article's page and the tabs are addresses, with what is asked for behind them", () => {
  assert.equal(skuPageHref("a/b", 91), "#/stock/a%2Fb?days=91");
  assert.deepEqual(read("#/stock/a%2Fb?days=91"), { page: "stock", detail: null });
  assert.deepEqual(read("#/stock?days=91"), { page: "stock", detail: null });
  assert.equal(replenishHref("what_if", "sku=tea"), "#/replenishment/what_if?sku=tea");
  assert.equal(replenishHref(""), "#/replenishment");
});

test("both languages have the same words with the same blanks", () => {
  const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((one) => one[0]).sort();
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) assert.deepEqual(blanks(zh[key]), blanks(en[key]), key);
});

test("a change is told by what tells most: points between shares, a part of what it was, and nothing of nothing", () => {
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  const whole = (value: number) => String(Math.round(value));
  assert.deepEqual(changed(2e-8, 0.979, true, percent), { kind: "points", by: (0.979 - 2e-8) * 100 });
  assert.deepEqual(changed(0.11041, 0.11044, true, percent), { kind: "same" });
  assert.deepEqual(changed(0.2, 40, false, whole), { kind: "none" });
  assert.deepEqual(changed(40, 30, false, whole), { kind: "part", by: -0.25 });
  assert.deepEqual(changed(40.1, 40.2, false, whole), { kind: "same" });
});
