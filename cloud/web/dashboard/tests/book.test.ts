import assert from "node:assert/strict";
import { test } from "node:test";
import { fold, newer, open, OVER_MAX } from "../src/core/book";
import type { AlertView, ArrivalView, OrderView, SlotView, Snapshot, ZoneView } from "../src/types";

const kpi = { fill_pct: 50, known_pct: 100, stock_outs: 0, below_reorder: 0, silent_devices: 0, open_alerts: 1, picks_last_hour: 3, picks_hour_before: 0 };
const zone: ZoneView = { id: "cool", name: "Cold room", min_c: 2, max_c: 8, temperature_c: 4, humidity_pct: null, at_ms: 1, series: "x", area: null };
const alert: AlertView = { id: 1, rule: "stock_out", subject: "s", zone: "", severity: 2, state: "firing", since_ms: 1, changed_ms: 1, params: {}, acknowledged_by: "", acknowledged_ms: 0, note: "", assigned_to: "", shelved_until_ms: 0, reopened: 0, nodata: false, acted_by: "", acted_ms: 0 };
const snapshot: Snapshot = {
  k: "s", v: "b", epoch: "e", q: 10, t: 1000, kpi, site: { id: "s", name: "S", timezone: "UTC", currency: "EUR", racks: [] },
  slots: [], skus: [], needs: [], alerts: [alert], zones: [zone], devices: [], gateways: [], orders: [], arrivals: [], measures: [], rooms: [], assets: [], works: [],
};

test("the next delta is applied, by id, and what it does not touch keeps its identity", () => {
  const before = open(snapshot);
  const after = fold(before, { k: "d", q: 11, t: 2000, zones: [{ ...zone, temperature_c: 5 }] });
  assert.equal(after?.q, 11);
  assert.equal(after?.zones.get("cool")?.temperature_c, 5);
  assert.equal(after?.alerts, before.alerts);
  assert.equal(before.zones.get("cool")?.temperature_c, 4);
});

test("an answer that comes after the delta of a later change takes nothing back", () => {
  const known = open({ ...snapshot, alerts: [{ ...alert, state: "firing", changed_ms: 9 }] });
  assert.deepEqual(newer(known, { alerts: [{ ...alert, state: "acknowledged", changed_ms: 8 }] }).alerts, []);
  assert.equal(newer(known, { alerts: [{ ...alert, state: "acknowledged", changed_ms: 9 }] }).alerts?.length, 1);
});

test("of a slot comes what is new, over what is known of it; of a new one all", () => {
  const slot: SlotView = { id: "A1", zone: "cool", sku: "s", capacity: 9, count: 3, low: 3, high: 3, confidence: 1, mass_g: 5, at_ms: 7, status: "ok", reason: "", remedy: "", device: "d", booked: 4, differs: true };
  const before = open({ ...snapshot, slots: [slot] });
  const after = fold(before, { k: "d", q: 11, t: 2000, slots: [{ id: "A1", count: 0, status: "empty", booked: null }, { ...slot, id: "A2" }] });
  assert.deepEqual(after?.slots.get("A1"), { ...slot, count: 0, status: "empty", booked: null });
  assert.deepEqual(after?.slots.get("A2"), { ...slot, id: "A2" });
  assert.equal(before.slots.get("A1"), slot);
});

test("an arrival that is gone leaves, and of the orders that ended only the latest are kept", () => {
  const arrival: ArrivalView = { id: "7:s", order: 7, sku: "s", units: 34, from_ms: 1, to_ms: 2, slots: ["a"], evidence: { weight: 34 }, confidence: 0.9, difference: 0, taken: 34 };
  const order = (id: number, state: OrderView["state"]) => ({ id, state, changed_ms: id }) as OrderView;
  const before = open({ ...snapshot, arrivals: [arrival], orders: [order(1, "sent")] });
  const ended = Array.from({ length: OVER_MAX + 3 }, (_, n) => order(n + 2, n % 2 ? "closed" : "cancelled"));
  const after = fold(before, { k: "d", q: 11, t: 2000, arrivals: [{ ...arrival, units: 0 }], orders: ended });
  assert.equal(before.arrivals.size, 1);
  assert.equal(after?.arrivals.size, 0);
  assert.equal(after?.orders.size, OVER_MAX + 1);
  assert.ok(after?.orders.has(1));
  assert.ok(!after?.orders.has(2));
});

test("an older delta changes nothing", () => {
  const before = open(snapshot);
  assert.equal(fold(before, { k: "d", q: 10, t: 2000, zones: [{ ...zone, temperature_c: 9 }] }), before);
});

test("a gap asks for a snapshot", () => {
  assert.equal(fold(open(snapshot), { k: "d", q: 12, t: 2000 }), null);
});

test("a resolved alert stays to be looked up, and of those that are over only the latest are kept", () => {
  const over = Array.from({ length: OVER_MAX + 5 }, (_, n) => ({ ...alert, id: n + 2, state: "resolved", changed_ms: n }) as AlertView);
  const after = fold(open(snapshot), { k: "d", q: 11, t: 2000, alerts: over });
  assert.equal(after?.alerts.size, OVER_MAX + 1);
  assert.equal(after?.alerts.get(1)?.state, "firing");
  assert.equal(after?.alerts.has(6), false);
  assert.equal(after?.alerts.has(7), true);
});
