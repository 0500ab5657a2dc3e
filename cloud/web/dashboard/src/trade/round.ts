// Today's round: what is to be counted, in the order of a short walk; what was counted or left out here. It is kept in this
// browser, so that a dead spot does not end it.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { floorOf } from "../core/drawn";
import type { Kept } from "../core/outbox";
import { type Point, walked } from "../core/walk";
import { me, mine } from "../outbox/outbox";
import { keepLast, readLast } from "../outbox/store";
import { now, site, slots, zones } from "../state";
import { round as ask } from "./api";
import type { CountRound, CountTask, Finding } from "./types";

const AGAIN_MS = 60_000;
const DAY_MS = 86_400_000;
const FLOOR_PX = 1200;

interface Asked {
  user: string;
  round: CountRound;
  /** By this device's clock. */
  at_ms: number;
}
export const asked = signal<Asked | null>(null);
export const failed = signal(false);

export const nameOf = ({ place, sku }: Pick<CountTask, "place" | "sku">): string => `${place} ${sku}`;
export const countThing = (task: Pick<CountTask, "place" | "sku">): string => `count ${nameOf(task)}`;

/** What was counted here lately, the newest first. */
export const counts = computed(() => mine.value.filter((one) => one.kind === "count" && one.at_ms > now.value - DAY_MS).sort((a, b) => b.n - a.n));
export const findingOf = (one: Kept): Finding | null => (one.state === "sent" ? (one.answer as Finding) : null);

/** Whether a count that was to be repeated stands by now, by whoever it was: nobody is asked to count there any more. */
export function isSettled(one: Kept): boolean {
  if (findingOf(one)?.verdict !== "recount" || asked.value?.user !== me() || asked.value.at_ms <= one.done_ms) return false;
  return !asked.value.round.today.some((task) => countThing(task) === one.thing && task.reasons.includes("recount"));
}

/** Of a place the last that was done here since it was asked what is to be done. */
function since(kind: Kept["kind"], task: CountTask): Kept | undefined {
  return mine.value.filter((one) => one.kind === kind && one.thing === `${kind} ${nameOf(task)}` && (one.state !== "sent" || one.done_ms > (asked.value?.at_ms ?? 0))).at(-1);
}

const isOver = (task: CountTask): boolean => {
  const last = since("count", task);
  return last !== undefined && last.state !== "refused" && findingOf(last)?.verdict !== "recount";
};
export const reasonOf = (task: CountTask): string => task.skipped?.reason ?? String(since("skip", task)?.told.reason ?? "");

/** Where each slot lies on the floor map. */
const places = computed(() => {
  const floor = floorOf([...slots.value.values()], [...zones.value.values()], site.value?.racks ?? [], FLOOR_PX, Infinity);
  return new Map<string, Point>(floor.cells.map((cell) => [cell.id, cell]));
});
const names = computed(() => [...slots.value.keys()].join("\n"));
let laid: { of: string; at: Map<string, Point> } | null = null;
/** The same while the slots stay the same: a count that moves moves no shelf. */
function pointOf(place: string): Point | undefined {
  if (laid?.of !== names.value) laid = { of: names.value, at: places.peek() };
  return laid.at.get(place);
}

/** What is left, in the order to walk from where something was counted last; what was left out comes last. */
export const left = computed<CountTask[]>(() => {
  if (asked.value?.user !== me()) return [];
  const open = asked.value.round.today.filter((one) => !isOver(one));
  const stood = counts.value[0] && pointOf(String(counts.value[0].told.place));
  const on = open.flatMap((task) => {
    const at = reasonOf(task) ? undefined : pointOf(task.place);
    return at ? [{ task, x: at.x, y: at.y }] : [];
  });
  const ordered = walked(stood ?? { x: 0, y: 0 }, on).map(({ task }) => task);
  const rest = open.filter((one) => !ordered.includes(one));
  return [...ordered, ...rest.filter((one) => !reasonOf(one)), ...rest.filter((one) => reasonOf(one))];
});

export async function load(): Promise<void> {
  const at_ms = Date.now();
  const user = me();
  try {
    asked.value = { user, round: await ask(), at_ms };
    failed.value = false;
    await keepLast("round", asked.value).catch(() => undefined); // then a reload without a network finds none
  } catch {
    failed.value = true;
    if (asked.value?.user === user) return;
    const last = await readLast<Asked>("round").catch(() => undefined);
    if (last?.user === user && last.at_ms > Date.now() - DAY_MS) asked.value = last;
  }
}

/** While the page of counting is shown. */
export function useRound(): void {
  const sent = counts.value.filter((one) => one.state === "sent").length;
  const who = me();
  useEffect(() => void load(), [sent, who]);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
}
