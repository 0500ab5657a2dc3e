import assert from "node:assert/strict";
import { test } from "node:test";
import { alertHref, assetOf, grouped, leads, MANY, read, tabHref, tabOf } from "../src/crew/tabs";
import { figures, figuresAt } from "../src/crew/figures";
import { book, heardAt } from "../src/state";
import { en as crewEn } from "../src/words/crew_en";
import { zh as crewZh } from "../src/words/crew_zh";
import { en as meansEn } from "../src/words/means_en";
import { zh as meansZh } from "../src/words/means_zh";
import { en as plantEn } from "../src/words/plant_en";
import { zh as plantZh } from "../src/words/plant_zh";
import { add } from "../src/words/words";
import type { AlertView } from "../src/types";

add({ en: crewEn, zh: crewZh });
add({ en: meansEn, zh: meansZh });
add({ en: plantEn, zh: plantZh });

const alert = (given: Partial<AlertView>) => ({ id: 1, zone: "", severity: 2, state: "firing", params: {}, ...given }) as AlertView;

test("each tab and each alert has an address, and an alert alone is found in its tab", () => {
  assert.deepEqual(read(""), { tab: "need", open: null });
  assert.deepEqual(read("shelved"), { tab: "shelved", open: null });
  assert.deepEqual(read("history/12"), { tab: "history", open: 12 });
  assert.deepEqual(read("7"), { tab: null, open: 7 });
  assert.deepEqual(read("nonsense/x"), { tab: "need", open: null });
  assert.deepEqual(["", "shelved", "history/12", "7", "nonsense"].map(leads), [true, true, true, true, false]);
  assert.equal(tabHref("need"), "#/alerts");
  assert.equal(alertHref("shelved", 3), "#/alerts/shelved/3");
  assert.deepEqual((["firing", "acknowledged", "shelved", "resolved"] as const).map((state) => tabOf(alert({ state }))), ["need", "acknowledged", "shelved", "history"]);
});

test("few alerts stand as they are, many by zones, and the zone with the first comes first", () => {
  const few = [alert({ id: 1, zone: "b" }), alert({ id: 2, zone: "a" })];
  assert.deepEqual(grouped(few), [{ zone: "", titled: false, alerts: few }]);
  assert.deepEqual(grouped([]), []);
  const many = Array.from({ length: MANY + 2 }, (_, id) => alert({ id, zone: id % 2 ? "a" : "b" }));
  const groups = grouped(many);
  assert.deepEqual(groups.map((one) => [one.zone, one.titled]), [["b", true], ["a", true]]);
  assert.deepEqual(groups.flatMap((one) => one.alerts).length, many.length);
});

test("a figure has its unit, its span and what would be normal", () => {
  const told = (given: Partial<AlertView>) => Object.fromEntries(figures(alert(given)).map((one) => [one.name, `${one.value} | ${one.normal}`]));
  assert.deepEqual(told({ rule: "zone_humidity", params: { value: 71.34, limit: 60, unit: "%RH", side: "high", gateway: "g" } }), { value: "71.3% | at most 60.0%" });
  assert.deepEqual(told({ rule: "machine_health", params: { value: 4.2, unit: "mm/s", normal_low: 0.8, normal_high: 2.5, feature: "rms" } }), {
    value: "4.2\u00a0mm/s | 0.8 to 2.5\u00a0mm/s",
    feature: "rms | ",
  });
  assert.deepEqual(told({ rule: "machine_health", params: { value: 4.2, unit: "mm/s", normal_low: 0.8, normal_high: 2.5, limit: 7.1 } }), { value: "4.2\u00a0mm/s | 0.8 to 2.5\u00a0mm/s, limit 7.1\u00a0mm/s" });
  assert.deepEqual(told({ rule: "refrigeration_capacity", params: { days_mid: 2.6, days_low: 1.4, days_high: null, duty: 0.61, duty_expected: 0.42 } }), {
    days_mid: "2.6 days (at least 1.4) | ",
    duty: "61% | 42% expected",
  });
  assert.deepEqual(told({ rule: "overstock", params: { value: 1200, available: 90, order_up_to: 40 } }), { value: "€1,200.00 | ", available: "90 units | at most 40 units" });
  assert.deepEqual(told({ rule: "reader_read_rate", params: { reads_min: 4, usual_reads_min: 31.5 } }), { reads_min: "4 a minute | 31.5 a minute expected" });
  assert.deepEqual(told({ rule: "flooded", params: { depth_mm: 4, nothing: null } }), { depth_mm: "4 | " });
  assert.equal(figures(alert({ rule: "flooded", params: { water_level_c: 4 } }))[0]?.label, "water level");
});

test("figures of a feature have its words, its unit and what would be normal, and no name of the machine's", () => {
  const params = {
    fault: "condenser", feature: "duty", value: 0.586, unit: "", normal_low: 0.375, normal_high: 0.455, fall_min: 25, fall_expected_min: 12, rise_min: 17, rise_expected_min: 16,
    disturbances_day: 0, learned_days: 6,
  };
  const all = figures(alert({ rule: "refrigeration_fault", params }));
  const told = Object.fromEntries(all.map((one) => [one.name, `${one.label}: ${one.value} | ${one.normal}`]));
  assert.equal(told.value, "Value: 59% | 38% to 46%");
  assert.equal(told.fall_min, "Cools down in: 25 min | 12 min expected");
  assert.equal(told.rise_min, "Warms up in: 17 min | 16 min expected");
  assert.equal(told.disturbances_day, "Defrosts and doors a day: 0 | ");
  assert.equal(told.learned_days, "Learned for: 6 days | ");
  assert.equal("fall_expected_min" in told, false);
  assert.deepEqual(figures(alert({ rule: "sensor_noisy", params: { channel: "1/temperature_c", usual: 0.21 } })).map((one) => one.value), ["Temperature (channel 1)", "0.2\u00a0°C"]);
});

test("an alert's figures are of now while it stands, of its end once it is over, and of then where nobody speaks", () => {
  heardAt.value = 9000;
  assert.equal(figuresAt(alert({ state: "acknowledged", subject: "x", changed_ms: 5000, acknowledged_ms: 5000 })), 9000);
  assert.equal(figuresAt(alert({ state: "resolved", subject: "x", changed_ms: 7000 })), 7000);
  book.value = { devices: new Map([["x", { id: "x", state: "silent", last_seen_ms: 3000 }]]) } as never;
  assert.equal(figuresAt(alert({ subject: "x", rule: "machine_health", changed_ms: 5000 })), 3000);
  assert.equal(figuresAt(alert({ subject: "x", rule: "device_silent", changed_ms: 5000 })), 9000);
  book.value = null;
});

test("what can be mended is named, an article is not", () => {
  assert.equal(assetOf(alert({ rule: "machine_health", subject: "pump-1" })), "pump-1");
  assert.equal(assetOf(alert({ rule: "stock_out", subject: "SKU-1" })), "");
});

test("every rule that is explained says what to do too", () => {
  const rules = Object.keys(meansEn).filter((key) => key.startsWith("means.")).map((key) => key.slice(6));
  assert.ok(rules.length >= 38);
  for (const rule of rules) assert.ok(`do.${rule}` in meansEn, rule);
});
