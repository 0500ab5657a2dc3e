import assert from "node:assert/strict";
import { test } from "node:test";
import { again, changed, type Kept, meant, nextOf, OLD_MS, openOf, put, SENT_MAX, tidied, WAITING_MAX, type Wish } from "../src/core/outbox";
import { placesOf, scanner } from "../src/core/scanned";
import { length, walked } from "../src/core/walk";
import { translated } from "../src/outbox/earlier";
import { en as phoneEn } from "../src/words/phone_en";
import { zh as phoneZh } from "../src/words/phone_zh";

const NOW = 10 * OLD_MS;
const wish = (more: Partial<Wish> = {}): Wish => ({ kind: "verdict", thing: "verdict 1", path: "p", body: {}, told: {}, ...more });
const filled = (...wishes: [Partial<Wish>, string, string?][]): Kept[] => wishes.reduce<Kept[]>((all, [more, key, user]) => put(all, wish(more), key, user ?? "anna", NOW)![0], []);
const keys = (all: readonly Kept[]) => all.map((one) => one.key);

test("a later word about the same thing takes the place of one that nobody heard, and of nobody else's", () => {
  const all = filled([{}, "1"], [{ thing: "verdict 2" }, "2"], [{}, "3", "mara"], [{}, "4"]);
  assert.deepEqual(keys(all), ["2", "3", "4"]);
  const work = { kind: "work", thing: "work 1" } as const;
  assert.deepEqual(keys(filled([work, "1"], [work, "2"])), ["1", "2"]);
});

test("what was tried may have arrived, so a later word goes behind it", () => {
  const tried = changed(filled([{}, "1"]), "1", { tries: 1 });
  assert.deepEqual(keys(put(tried, wish(), "2", "anna", NOW)![0]), ["1", "2"]);
  const under_way = changed(filled([{}, "1"]), "1", { until_ms: NOW + 5 });
  assert.deepEqual(keys(put(under_way, wish(), "2", "anna", NOW)![0]), ["1", "2"]);
  const refused = changed(tried, "1", { state: "refused" });
  assert.deepEqual(keys(put(refused, wish(), "2", "anna", NOW)![0]), ["2"]);
});

test("only who did it sends it, and what is done to one thing keeps its order", () => {
  const work = { kind: "work", thing: "work 1" } as const;
  const all = filled([work, "1", "mara"], [work, "2"], [work, "3"], [{ kind: "work", thing: "work 2" }, "4"]);
  assert.equal(nextOf(all, "mara", NOW)?.key, "1");
  assert.equal(nextOf(all, "otto", NOW), undefined);
  assert.equal(nextOf(all, "anna", NOW)?.key, "2");
  assert.equal(nextOf(changed(all, "2", { state: "refused" }), "anna", NOW)?.key, "4");
  assert.equal(nextOf(changed(all, "2", { state: "sent" }), "anna", NOW)?.key, "3");
  assert.deepEqual(keys(openOf(all, "anna")), ["2", "3", "4"]);
});

test("what one window is sending another leaves alone, until it must have died", () => {
  const all = changed(filled([{ thing: "" }, "1"]), "1", { until_ms: NOW + 100 });
  assert.equal(nextOf(all, "anna", NOW), undefined);
  assert.equal(nextOf(all, "anna", NOW + 100)?.key, "1");
});

test("a full outbox takes no more, and says so; what is there can still be changed", () => {
  let all: Kept[] = [];
  for (let n = 0; n < WAITING_MAX; n++) all = put(all, wish({ thing: `verdict ${n}` }), String(n), "anna", NOW)![0];
  assert.equal(put(all, wish({ thing: "one more" }), "more", "anna", NOW), null);
  assert.equal(put(all, wish({ thing: "verdict 3" }), "changed", "anna", NOW)![0].length, WAITING_MAX);
});

test("what waited for a week asks its person; of what was sent the latest are remembered", () => {
  const old = changed(filled([{ thing: "a" }, "1"], [{ thing: "b" }, "2"]), "1", { at_ms: NOW - OLD_MS });
  assert.deepEqual(tidied(old, NOW).map((one) => [one.state, one.said?.reason]), [["refused", "outbox_old"], ["waiting", undefined]]);
  const sent = Array.from({ length: SENT_MAX + 3 }, (_, n) => ({ ...old[1]!, n, key: `s${n}`, state: "sent" as const, done_ms: NOW - n }));
  assert.equal(tidied(sent, NOW).length, SENT_MAX);
  assert.equal(tidied(sent, NOW + OLD_MS + 1).length, 0);
});

test("what was refused is sent again as another wish, of whatever version its thing has by now", () => {
  const all = changed(filled([{ kind: "work", thing: "w", body: { version: 3, note: "n" } }, "1"], [{ body: { key: "2", said: "right" } }, "2"]), "1", { state: "refused", tries: 2 });
  const [one, two] = again(all, "1", "fresh");
  assert.deepEqual([one!.key, one!.body, one!.state, one!.tries], ["fresh", { version: 0, note: "n" }, "waiting", 0]);
  assert.equal(two!.key, "2");
  assert.deepEqual(again(changed(all, "2", { state: "refused" }), "2", "fresh")[1]!.body, { key: "fresh", said: "right" });
});

test("a no is one only when the service says it; a proxy's page, a crowd and a fault are waited out", () => {
  assert.equal(meant(422, "not_counted"), "refused");
  assert.equal(meant(404, ""), "wait");
  assert.equal(meant(429, "slow"), "wait");
  assert.equal(meant(500, "broken"), "wait");
  assert.equal(meant(401, "signed_out"), "sign_in");
  assert.equal(meant(409, "other_user"), "sign_in");
});

test("what an earlier version of the page kept is taken over with its keys", () => {
  const [work, verdict] = translated(
    [{ key: "w", user: "lena", at_ms: 1, path: "api/v1/works/3/start", action: "start", work: 3, body: { version: 0 } }],
    [{ key: "v", user: "anna", at_ms: 2, alert: 9, said: "not_now", hours: 4, note: "n" }],
  );
  assert.deepEqual([work!.key, work!.thing, work!.told.action], ["w", "work 3", "start"]);
  assert.deepEqual([verdict!.key, verdict!.user, verdict!.path, verdict!.body], ["v", "anna", "api/v1/alerts/9/verdict", { said: "not_now", at_ms: 2, key: "v", hours: 4, note: "n" }]);
});

test("the words of the phone are there in both languages with the same blanks", () => {
  const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();
  assert.deepEqual(Object.keys(phoneZh), Object.keys(phoneEn));
  for (const key of Object.keys(phoneEn) as (keyof typeof phoneEn)[]) assert.deepEqual(blanks(phoneZh[key]), blanks(phoneEn[key]), key);
});

test("a round is walked the short way, from where one stands", () => {
  const at = (x: number, y: number) => ({ x, y });
  const places = [at(0, 100), at(90, 10), at(10, 0), at(80, 0), at(0, 90)];
  const walk = walked(at(0, 0), places);
  assert.deepEqual(walk.map(({ x, y }) => `${x},${y}`).sort(), places.map(({ x, y }) => `${x},${y}`).sort());
  assert.ok(length(at(0, 0), walk) < length(at(0, 0), places) / 1.5);
  assert.deepEqual(walked(at(95, 10), places)[0], at(90, 10));
  assert.deepEqual(walked(at(0, 0), []), []);
});

test("keys that nobody could type so fast are a scanner's; a count typed by hand is none", () => {
  let begun = 0;
  const keys = scanner(() => begun++);
  const typed = (text: string, from: number, step: number) => [...text, "Enter"].map((key, n) => keys.key(key, from + n * step)).at(-1);
  assert.equal(typed("A03-02", 0, 8), "A03-02");
  assert.equal(begun, 1);
  assert.equal(typed("1234", 10_000, 120), null);
  assert.equal(typed("12", 20_000, 8), null);
});

test("a code is that of a place, else of an article, wherever it lies", () => {
  const places = [{ place: "A1", sku: "bolt" }, { place: "A2", sku: "bolt" }, { place: "", sku: "milk" }];
  assert.deepEqual(placesOf(" a2 ", places), [places[1]]);
  assert.deepEqual(placesOf("BOLT", places), [places[0], places[1]]);
  assert.deepEqual(placesOf("milk", places), [places[2]]);
  assert.deepEqual(placesOf("x", places), []);
  assert.deepEqual(placesOf("", places), []);
});
