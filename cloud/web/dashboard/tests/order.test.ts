import assert from "node:assert/strict";
import { test } from "node:test";
import { wait } from "../src/core/backoff";
import { byCover, byHealth, byUrgency, compare } from "../src/core/order";
import type { AlertView, DeviceView, SkuView } from "../src/types";

test("alerts: unacknowledged, then severity, then newest", () => {
  const make = (id: number, state: AlertView["state"], severity: number, since_ms: number) => ({ id, state, severity, since_ms }) as AlertView;
  const all = [make(1, "acknowledged", 1, 9), make(2, "firing", 2, 5), make(3, "firing", 1, 1), make(4, "firing", 1, 4)];
  assert.deepEqual(all.sort(byUrgency).map((one) => one.id), [4, 3, 2, 1]);
});

test("articles: the lowest cover first, those without a known demand last unless they are out", () => {
  const make = (id: string, cover_days: number | null, status: SkuView["status"]) => ({ id, cover_days, status }) as SkuView;
  const all = [make("a", null, "ok"), make("b", 3, "ok"), make("c", 0.5, "low"), make("d", null, "out"), make("e", null, "unknown")];
  assert.deepEqual(all.sort(byCover).map((one) => one.id), ["d", "c", "b", "e", "a"]);
});

test("devices: those that do not speak first, the longest silent on top", () => {
  const make = (id: string, state: DeviceView["state"], last_seen_ms: number) => ({ id, state, last_seen_ms }) as DeviceView;
  const all = [make("a", "ok", 1), make("b", "silent", 9), make("c", "silent", 5), make("d", "offline", 9)];
  assert.deepEqual(all.sort(byHealth).map((one) => one.id), ["d", "c", "b", "a"]);
});

test("A2 comes before A10", () => {
  assert.ok(compare("A2-01", "A10-01") < 0);
});

test("a retry waits 250 ms, doubling to 1.5 s, after many to 8 s, and never less than half of it", () => {
  assert.equal(wait(0, 1), 250);
  assert.equal(wait(1, 0), 250);
  assert.equal(wait(3, 1), 1500);
  assert.equal(wait(15, 1), 1500);
  assert.equal(wait(60, 1), 8000);
});
