import assert from "node:assert/strict";
import { test } from "node:test";
import { flaw, momentOf, msOf } from "../src/core/forms";
import { featured, featureName, figures, moved, normal } from "../src/plant/features";
import type { Kept } from "../src/core/outbox";
import { foreseen } from "../src/plant/foreseen";
import { Refused } from "../src/api";
import { found, unitsOf } from "../src/plant/parts_picker";
import { stayed } from "../src/plant/places";
import { beyond, byTurn, byWorst, lasted, lasting, periodTrouble, strip, windowed } from "../src/plant/told";
import type { AssetView, PartView, WorkView } from "../src/types";
import { planBody, stepBody, stepFields, windowTrouble } from "../src/plant/work_forms";
import { en as coldEn } from "../src/words/cold_en";
import { zh as coldZh } from "../src/words/cold_zh";
import { en } from "../src/words/plant_en";
import { zh } from "../src/words/plant_zh";
import { add, language, timezone } from "../src/words/words";

add({ en, zh });
add({ en: coldEn, zh: coldZh });
language.value = "en";

const work = (fields: Partial<WorkView>) => ({ id: 1, state: "planned", late: "", from_ms: 0, until_ms: 0, parts: [], may: ["start"], cause: { rule: "", fault: "", alert: 0, days: null }, title: "", ...fields }) as unknown as WorkView;
const part = (fields: Partial<PartView>): PartView => ({ sku: "belt", name: "Belt", units: 4, taken: 0, used: 0, there: 4, short: 0, expected_ms: null, ...fields });

test("days left are an interval that never tells more than is known", () => {
  assert.equal(lasting([9.4, 17, 30.6]), "9 to 31 days");
  assert.equal(lasting([1.46, 2.1, 2.61]), "1.4 to 2.7 days");
  assert.equal(lasting([41.9, 96, 3650]), "at least 41 days");
  assert.equal(lasting([3650, 3650, 3650]), "10 years or more");
  assert.equal(lasting(null), "not foretold");
});

test("equipment is in order of severity, then of how soon it fails, then of health", () => {
  const asset = (id: string, severity: number, days: AssetView["days"], health: number, state = "watch") => ({ id, days, health, state, faults: severity < 4 ? [{ severity }] : [] }) as unknown as AssetView;
  const all = [asset("well", 4, [3650, 3650, 3650], 1, "well"), asset("blind", 4, null, 1, "blind"), asset("late", 2, [30, 40, 50], 0.2), asset("soon", 2, [3, 4, 5], 0.4), asset("worst", 1, null, 0.5)];
  assert.deepEqual(all.sort(byWorst).map((one) => one.id), ["worst", "soon", "late", "blind", "well"]);
});

test("features are told with their unit, by the names gateways give", () => {
  assert.equal(featureName("1/temperature_c"), "Temperature (channel 1)");
  assert.equal(featureName("noise.weight/mass_g"), "Noise: Mass (channel weight)");
  assert.equal(featureName("work.1/vibration_mm_s"), "Vibration at work (channel 1)");
  assert.equal(featured(4.8, { name: "2/vibration_mm_s", unit: "mm/s" }), "4.8\u00a0mm/s");
  assert.equal(featured(4.8, { name: "work.2/vibration_mm_s", unit: "mm/s" }), "4.8\u00a0mm/s");
  assert.equal(featured(0.61, { name: "duty", unit: "" }), "61%");
  assert.deepEqual([0, 1, 0.5].map((value) => featured(value, { name: "1/door_open", unit: "" })), ["closed", "open", "0.50"]);
  assert.equal(featured(95, { name: "still.1/temperature_c", unit: "min" }), "1.6 hr");
  assert.equal(moved({ name: "duty", value: 0.61, normal_low: 0.38, normal_high: 0.46, unit: "" }), "Share of time it runs 61%, normal 38% to 46%");
  assert.equal(normal({ name: "odd_thing", unit: "", normal_low: null, normal_high: 7 }), "normal up to 7");
  assert.equal(featureName("odd_thing"), "odd thing");
});

test("the figures behind a fault have names and units; what is told elsewhere is left out", () => {
  assert.deepEqual(figures({ params: { now: 3.2, limit: 7.1 }, channel: "1/vibration_mm_s" }), ["now 3.2\u00a0mm/s", "limit 7.1\u00a0mm/s"]);
  assert.deepEqual(figures({ params: { value: 4.25, hours: 3, ratio: 2.5 }, channel: "1/temperature_c" }), ["value 4.25\u00a0°C", "for 3 hr", "times the usual 2.5"]);
  assert.deepEqual(figures({ params: { capacity_lost_pct: 38, duty: 0.61, days_low: 3, fall_min: 21.4, told_by: "contact", odd_c: 3, gone: null }, channel: "" }), ["cooling lost in the last 24 hours 38%", "runs 61%", "cools down in 21 min", "told by a door contact", "odd 3.0\u00a0°C"]);
});

test("spans are in the unit that fits", () => {
  assert.deepEqual([40_000, 35 * 60_000, 95 * 60_000, 60 * 3_600_000].map(lasted), ["40 sec", "35 min", "1.6 hr", "2.5 days"]);
});

test("a moment at the site is that moment, on both sides of a change of its clocks", () => {
  for (const zone of ["UTC", "Asia/Shanghai", "Europe/Amsterdam", "Pacific/Kiritimati"]) {
    for (const moment of ["2026-03-29T01:30", "2026-03-29T04:30", "2026-10-25T00:30", "2026-10-25T04:00"]) assert.equal(momentOf(msOf(moment, zone), zone), moment, zone);
  }
  assert.equal(momentOf(0, "UTC"), "");
  const field = { name: "from", label: "From", kind: "moment" } as const;
  assert.equal(flaw(field, "2026-03-29T01:30"), null);
  assert.equal(flaw(field, "2026-03-29")?.code, "moment");
});

test("a window is both its ends, the second later", () => {
  const now = Date.UTC(2026, 10, 23, 12);
  const told = (from: string, until: string) => windowTrouble({ from, until }, now, "UTC");
  assert.equal(told("", ""), "");
  assert.equal(told("2026-12-01T09:00", ""), "window_half");
  assert.equal(told("2026-12-01T09:00", "2026-12-01T09:00"), "window_backwards");
  assert.equal(told("2026-11-23T09:00", "2026-11-23T12:00"), "window_over");
  assert.equal(told("2026-12-01T09:00", "2026-12-15T09:00"), "");
  assert.equal(told("2026-12-01T09:00", "2028-01-01T09:00"), "window_long");
  assert.equal(told("2027-12-01T09:00", "2027-12-01T10:00"), "window_far");
  timezone.value = "UTC";
  assert.match(windowed({ from_ms: Date.UTC(2026, 11, 1, 9), until_ms: Date.UTC(2026, 11, 1, 11, 30) }), /^Tue, Dec 1, 09:00 to 11:30$/);
});

test("a room beyond its limit says which, on the side on which it left", () => {
  const room = { low_c: 2, high_c: 8 };
  assert.equal(beyond({ ...room, side: 1, celsius: 18.5 }), 8);
  assert.equal(beyond({ ...room, side: -1, celsius: 1 }), 2);
  assert.equal(beyond({ ...room, side: 1, celsius: 7 }), null); // on its way back, it is within
  assert.equal(beyond({ ...room, side: 0, celsius: 5 }), null);
  assert.equal(beyond({ ...room, side: 1, celsius: null }), null);
});

test("the days of a report are judged before it is asked for, each at its field", () => {
  const of = (from: string, to: string, zone = "UTC") => periodTrouble(from, to, "2026-11-23", zone);
  assert.equal(of("2026-11-16", "2026-11-23"), null);
  assert.deepEqual(of("", "2026-11-23"), { at: "from", code: "no_day" });
  assert.deepEqual(of("2026-11-16", ""), { at: "to", code: "no_day" });
  assert.deepEqual(of("2026-11-20", "2026-11-16"), { at: "to", code: "backwards" });
  assert.deepEqual(of("2026-11-24", "2026-11-25"), { at: "from", code: "to_come" });
  assert.deepEqual(of("1999-01-01", "2026-11-23"), { at: "from", code: "long" });
  assert.equal(of("2025-10-20", "2026-11-23"), null);
  assert.deepEqual(of("2025-10-19", "2026-11-23"), { at: "from", code: "long" });
});

test("orders: the late first, then those in work, then by their window", () => {
  const all = [work({ id: 1, from_ms: 9 }), work({ id: 2, state: "in_work" }), work({ id: 3, from_ms: 5 }), work({ id: 4, late: "not_started", from_ms: 1 }), work({ id: 5, state: "draft" })];
  assert.deepEqual(all.sort(byTurn).map((one) => one.id), [4, 2, 3, 1, 5]);
});

test("the strip shows what touches it, cut at its ends", () => {
  const day = 86_400_000;
  const shown = strip([work({ id: 1, from_ms: day, until_ms: 12 * day }), work({ id: 2, from_ms: 13 * day, until_ms: 30 * day }), work({ id: 3 }), work({ id: 4, from_ms: day, until_ms: 9 * day })], 10 * day, 10);
  assert.deepEqual(shown.map(({ work: { id }, left, width, earlier, later }) => [id, left, width, earlier, later]), [[1, 0, 0.2, true, false], [2, 0.3, 0.7, false, true]]);
});

test("what waits to be sent tells what an order will be", () => {
  const kept = (action: string, state: Kept["state"] = "waiting"): Kept => ({ kind: "work", thing: "work 1", n: 1, key: action, user: "anna", path: "", told: { action }, body: {}, at_ms: 0, state, tries: 0, until_ms: 0, done_ms: 0 });
  assert.deepEqual(foreseen(work({}), []), { state: "planned", may: ["start"] });
  assert.equal(foreseen(work({}), [kept("start")]).state, "in_work");
  assert.deepEqual(foreseen(work({}), [kept("start"), kept("take"), kept("finish")]), { state: "done", may: [] });
  assert.equal(foreseen(work({}), [kept("start", "refused")]).state, "planned");
});

test("parts are found by any of their words, those that are there first", () => {
  const all = [{ id: "a1", name: "Belt long", available: 0 }, { id: "a2", name: "Belt short", available: 3 }, { id: "b1", name: "Fan", available: 1 }];
  assert.deepEqual(found(all, "belt").map((one) => one.id), ["a2", "a1"]);
  assert.deepEqual(found(all, "a1 BELT").map((one) => one.id), ["a1"]);
  assert.deepEqual(found(all, " "), []);
  assert.deepEqual(unitsOf(new Map([["a1", "2"], ["a2", "1,000"]])), [{ sku: "a1", units: 2 }, { sku: "a2", units: 1000 }]);
  for (const text of ["", "0", "1.5", "1.000", "some"]) assert.throws(() => unitsOf(new Map([["a1", "2"], ["a2", text]])), Refused, text);
});

test("a form asks for what its step needs and sends only that", () => {
  const taking = work({ parts: [part({}), part({ sku: "fan", name: "Fan", units: 2, taken: 2 })] });
  assert.deepEqual(stepFields("take", taking, 0, "UTC", []).map((one) => [one.name, one.value, one.most]), [["take belt", "4", 4]]);
  assert.deepEqual(stepBody("take", { "take belt": "3" }, "UTC"), { parts: [{ sku: "belt", units: 3 }] });
  assert.deepEqual(stepFields("finish", taking, 0, "UTC", []).map((one) => one.name), ["found", "did", "used fan"]);
  assert.deepEqual(stepBody("finish", { found: "x", did: "y", "used fan": "1" }, "UTC"), { found: "x", did: "y", used: [{ sku: "fan", units: 1 }], verdict: "" });
  assert.deepEqual(stepFields("start", work({ until_ms: 5 }), 0, "UTC", []), []);
  assert.equal(planBody({ title: "t", from: "2026-12-01T09:00", until: "2026-12-01T10:00", whole_zone: "yes" }, "UTC", new Map()).until_ms, Date.UTC(2026, 11, 1, 10));
});

test("rows that are held keep their group and place, and what is new comes last in its own", () => {
  const before = new Map([["proposed", [1, 2]], ["planned", [3]], ["ended", []]]);
  const now = new Map([["proposed", [4]], ["planned", [2, 3, 5]], ["ended", [1]]]);
  assert.deepEqual([...stayed(before, now)], [["proposed", [1, 2, 4]], ["planned", [3, 5]], ["ended", []]]);
  assert.deepEqual([...stayed(new Map(), now)], [...now]);
});
