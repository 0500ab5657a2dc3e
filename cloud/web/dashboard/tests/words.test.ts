import assert from "node:assert/strict";
import { test } from "node:test";
import { en as crewEn } from "../src/words/crew_en";
import { zh as crewZh } from "../src/words/crew_zh";
import { en } from "../src/words/en";
import { en as meansEn } from "../src/words/means_en";
import { zh as meansZh } from "../src/words/means_zh";
import { en as fieldEn } from "../src/words/field_en";
import { zh as fieldZh } from "../src/words/field_zh";
import { en as gateEn } from "../src/words/gate_en";
import { zh as gateZh } from "../src/words/gate_zh";
import { en as homeEn } from "../src/words/home_en";
import { zh as homeZh } from "../src/words/home_zh";
import { bring, choose } from "../src/words/books";
import { add, ago, atMost, clock, language, number, quantity, say, timezone, word } from "../src/words/words";
import { en as coldEn } from "../src/words/cold_en";
import { zh as coldZh } from "../src/words/cold_zh";
import { en as plantEn } from "../src/words/plant_en";
import { zh as plantZh } from "../src/words/plant_zh";
import { en as tradeEn } from "../src/words/trade_en";
import { zh as tradeZh } from "../src/words/trade_zh";
import { en as ordersEn } from "../src/words/orders_en";
import { zh as ordersZh } from "../src/words/orders_zh";
import { en as portalEn } from "../src/words/portal_en";
import { zh as portalZh } from "../src/words/portal_zh";
import { en as refusedEn } from "../src/words/refused_en";
import { zh as refusedZh } from "../src/words/refused_zh";
import { en as rulesEn } from "../src/words/rules_en";
import { zh as rulesZh } from "../src/words/rules_zh";
import { zh } from "../src/words/zh";
import { read } from "../src/route";
import { cannot } from "../src/gate/asked";
import { said, titled } from "../src/ui/said";
import type { AlertView } from "../src/types";

const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();

add({ zh: { ...zh, ...rulesZh } });

test("words come in the language that is shown, and in another when that is chosen", async () => {
  assert.equal(say("why.title"), "why.title");
  await bring("gate");
  assert.equal(say("why.title"), "How this number came about");
  await choose("zh");
  assert.equal(say("why.title"), "这个数字的由来");
  await choose("en");
});

test("every text is there in Chinese, with the same blanks, and none is empty", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.ok(zh[key].trim() && en[key].trim(), key);
    assert.deepEqual(blanks(zh[key]), blanks(en[key]), key);
  }
});

test("so is every text of what is loaded later, and no key is in two", () => {
  const seen = new Set<string>(Object.keys(en));
  const later: [Record<string, string>, Record<string, string>][] = [[tradeEn, tradeZh], [ordersEn, ordersZh], [portalEn, portalZh], [refusedEn, refusedZh], [crewEn, crewZh], [meansEn, meansZh], [plantEn, plantZh], [coldEn, coldZh], [fieldEn, fieldZh], [gateEn, gateZh], [homeEn, homeZh], [rulesEn, rulesZh]];
  for (const [english, chinese] of later) {
    assert.deepEqual(Object.keys(chinese).sort(), Object.keys(english).sort());
    for (const key of Object.keys(english)) {
      assert.ok(chinese[key]!.trim() && english[key]!.trim(), key);
      assert.deepEqual(blanks(chinese[key]!), blanks(english[key]!), key);
      assert.ok(!seen.has(key), key);
      seen.add(key);
    }
  }
});

test("what a gateway can not do is said in the language that is shown", async () => {
  add({ en: gateEn, zh: gateZh });
  const light = { why: "light_mass", known_g: 2, least_g: 50.04 };
  const kind = { why: "other_kind", address: "x-1", kind: "shelf", device: "cold-1", wanted: "climate" };
  assert.equal(cannot(light), "2.0\u00a0g is too light for this cell. Use 50.0\u00a0g or more.");
  assert.equal(cannot(kind), "x-1 speaks as: shelf; cold-1 is to be: climate. Choose another place, or correct its kind in the site file.");
  await choose("zh");
  assert.equal(cannot(light), "2.0\u00a0g 对该传感器过轻。请使用 50.0\u00a0g 或更重的砝码。");
  await choose("en");
  assert.equal(cannot({ why: "gremlins" }), "");
});

test("a code without words is shown as it is", () => {
  assert.equal(word("reason", "gremlins"), "gremlins");
  assert.equal(word("reason", "unstable"), en["reason.unstable"]);
});

test("times are told in the site's time zone, over a change of the clocks too", () => {
  timezone.value = "Europe/Amsterdam";
  assert.equal(clock(Date.UTC(2025, 2, 30, 0, 59, 59)), "01:59:59");
  assert.equal(clock(Date.UTC(2025, 2, 30, 1, 0, 0)), "03:00:00");
});

test("numbers, ages and units follow the language", () => {
  language.value = "en";
  assert.equal(number(-18.64, 1), "−18.6");
  assert.equal(quantity(4.5, "Cel", 1), "4.5\u00a0°C");
  assert.match(ago(0, 480_000), /8 min/);
  assert.match(ago(0, 49_000), /40 sec/);
  assert.equal(ago(0, 29_000), "now");
  language.value = "zh";
  assert.match(ago(0, 480_000), /8分钟前/);
  assert.equal(say("kpi.fill"), zh["kpi.fill"]);
  language.value = "en";
});

test("a bound is never told as less than it is", () => {
  assert.deepEqual([30_000, 60_000, 60_001, 3_600_000, 3_600_001, 90_000_000].map(atMost), ["1 min", "1 min", "2 min", "60 min", "2 hr", "2 days"]);
});

test("an alert is worded by its rule; an unknown rule shows its code and parameters", () => {
  const make = (rule: string, params: AlertView["params"]) => ({ rule, params }) as AlertView;
  const warm = make("zone_temperature", { value: 9.1, limit: 8, unit: "Cel", side: "high" });
  assert.equal(titled(warm), "Temperature above limit");
  assert.deepEqual(said(warm), ["9.1\u00a0°C, limit 8\u00a0°C"]);
  const odd = make("flooded", { depth_mm: 4, nothing: null });
  assert.equal(titled(odd), "flooded");
  assert.deepEqual(said(odd), ["depth_mm 4"]);
});

test("what a gateway alone raised says so, in the words of the rule", () => {
  const make = (rule: string, params: AlertView["params"]) => ({ rule, params: { ...params, gateway: "gw-1", since_ms: 5 } }) as unknown as AlertView;
  assert.deepEqual(said(make("zone_humidity", { value: 71.3, limit: 60, unit: "%RH", side: "high" })), ["71.3%, limit 60%", "from gateway gw-1"]);
  assert.deepEqual(said(make("outbox_full", { used_pct: 93 })), ["filled by 93%", "from gateway gw-1"]);
  assert.deepEqual(said(make("flooded", { depth_mm: 4 })), ["depth_mm 4", "from gateway gw-1"]);
  for (const rule of ["zone_humidity", "outbox_full", "not_acknowledging", "broker_away", "clock_wrong"]) assert.notEqual(titled(make(rule, {})), rule);
});

test("the words of the rules have the same blanks in both languages, and say what is there", () => {
  const filled = (text: string) => [...text.matchAll(/\{[\w:.]+\}/g)].map((found) => found[0]).sort();
  for (const key of Object.keys(rulesEn) as (keyof typeof rulesEn)[]) assert.deepEqual(filled(rulesZh[key]), filled(rulesEn[key]), key);
  const make = (rule: string, params: AlertView["params"]) => ({ rule, params }) as unknown as AlertView;
  const cold = { storage: "2-8", celsius: 16.24, peak_c: 17, limit_c: 15, side: "high", outside_min: 30, lots: 0, why: "too_far" };
  assert.deepEqual(said(make("temperature_breach", cold)), ["Further than goods bear", "16.2\u00a0°C, limit 15.0\u00a0°C", "at worst 17.0\u00a0°C", "30 min outside"]);
  const worn = { fault: "wearing", since_ms: 5, health_pct: 30, days_low: 20, days_mid: 30, days_high: null };
  assert.deepEqual(said(make("machine_health", worn)), ["It wears out", "at least 20 days left", "health 30%"]);
  assert.ok(said(make("machine_health", { ...worn, days_low: 4.1, days_high: 13.5 })).includes("4 to 14 days left")); // as on the page of equipment
  assert.deepEqual(said(make("expiry", { lot: "", days: -2, at_stake: 12, expired: 12, value: 6, name: "Milk" })), ["12 at stake", "12 expired already", "over for 2 days", "€6.00"]);
  assert.equal(titled(make("zone_dark", {})), "Many devices fell silent at once");
});

test("reports that are missing are counted while they are", () => {
  const missing = { rule: "incomplete", params: { missing: 1200, lane: "events", first: 7, since_ms: 5 }, state: "firing" } as unknown as AlertView;
  assert.equal(titled(missing), "Reports of a gateway are missing");
  assert.deepEqual(said(missing), ["1,200 not here"]);
  assert.deepEqual(said({ ...missing, state: "resolved" }), []);
});

test("a prognosis without an upper end says only its lower one", () => {
  const params = { capacity_lost_pct: 18, days_mid: 6.5, days_low: 4, days_high: null };
  assert.deepEqual(said({ rule: "refrigeration_capacity", params } as unknown as AlertView), ["18% of its cooling lost", "at its limit in 6.5 d (at least 4)"]);
});

test("an address names a page, a slot or an article; of an unknown one that is told", () => {
  assert.deepEqual(read("#/stock"), { page: "stock", detail: null });
  assert.deepEqual(read("#/slot/A01-01"), { page: null, detail: { kind: "slot", id: "A01-01" } });
  assert.deepEqual(read("#/sku/a%2Fb"), { page: null, detail: { kind: "sku", id: "a/b" } });
  assert.deepEqual(read("#/sku/%"), { page: null, detail: { kind: "sku", id: "%" } });
  assert.deepEqual(read("#/nosuchpage"), { page: "nowhere", detail: null });
  assert.deepEqual(read(""), { page: "overview", detail: null });
});
