// What people did with an order where there was no network: kept in this browser, shown as waiting, and sent in the order
// it was done as soon as the service answers. Each keeps its key, so that what arrived once is not done twice.
import { effect, signal } from "@preact/signals";
import { freshKey, post, Refused } from "../api";
import { link, session } from "../state";
import type { WorkBody } from "./api";
import { adoptWork } from "./live";
import type { WorkView } from "./types";
import { told } from "../trade/wish";

export interface Kept {
  key: string;
  /** Who did it: only that person's session sends it. */
  user: string;
  path: string;
  /** "open", or the step of an order. */
  action: string;
  /** The order; 0 for one that is being opened. */
  work: number;
  body: WorkBody;
  at_ms: number;
  /** What the service says against it; then it waits for a person. */
  refused?: string;
}

const NAME = "outbox";
/** No more are kept: whoever is away for longer is told so, and nothing is lost unsaid. */
export const KEPT_MAX = 50;
const AGAIN_MS = 4000;

/** What is said of an order's cause: it is no step of the order, and has no version. */
export const VERDICT = "verdict";

const took = (one: Kept, answer: WorkView) => (one.action === VERDICT ? undefined : adoptWork(answer));

const browser = typeof localStorage !== "undefined";
export const outbox = signal<readonly Kept[]>(browser ? read(localStorage.getItem(NAME)) : []);

/** What was kept, whoever wrote it; what can not be read is none. Pure. */
export function read(text: string | null): Kept[] {
  try {
    const all: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(all) ? all.filter((one): one is Kept => typeof one?.key === "string" && typeof one.path === "string" && typeof one.work === "number" && typeof one.body === "object") : [];
  } catch {
    return [];
  }
}

function keep(all: readonly Kept[]): void {
  outbox.value = all;
  localStorage.setItem(NAME, JSON.stringify(all));
}

export const waitingFor = (all: readonly Kept[], work: number): Kept[] => all.filter((one) => one.work === work);
export const discard = (key: string) => keep(outbox.value.filter((one) => one.key !== key));

type State = WorkView["state"];

const AFTER: Record<string, State> = { start: "in_work", finish: "done", cancel: "cancelled" };
const POSSIBLE: Record<State, string[]> = {
  draft: ["change", "start", "cancel"],
  planned: ["change", "start", "take", "finish", "cancel"],
  in_work: ["change", "take", "finish", "cancel"],
  done: [],
  cancelled: [],
};

/** An order as it will be when what waits has been sent: its state, and what may be done then. Pure. */
export function foreseen(order: WorkView, waiting: readonly Kept[]): { state: State; may: string[] } {
  const good = waiting.filter((one) => !one.refused);
  if (!good.length) return { state: order.state, may: order.may };
  const state = good.reduce<State>((now, { action }) => AFTER[action] ?? now, order.state);
  return { state, may: POSSIBLE[state] };
}

/** Do it now, or keep it for when the service can be reached. Throws `Refused` where the service says no. */
export async function send(path: string, action: string, work: WorkView | null, body: WorkBody, key: string): Promise<void> {
  const user = session.value?.user ?? "";
  const before = work ? waitingFor(outbox.value, work.id) : [];
  // behind what waits of the same order its version can not be known
  const one: Kept = { key, user, path, action, work: work?.id ?? 0, body: { ...body, ...(before.length && body.version && { version: 0 }) }, at_ms: Date.now() };
  if (!before.length && link.value !== "stale") {
    try {
      return took(one, await Promise.race([post<WorkView>(path, one.body, key), tooLong()]));
    } catch (error) {
      if (error instanceof Refused && error.status < 502) throw error;
    }
  }
  if (outbox.value.length >= KEPT_MAX) throw new Refused(507, { reason: "outbox_full", detail: "", hint: "", field: "" });
  keep([...outbox.value.filter((held) => held.key !== key), one]);
}

/** A dead network may say nothing for minutes; what was sent all the same is known by its key. */
const WAIT_MS = 8000;
const tooLong = () => new Promise<never>((_, fail) => setTimeout(() => fail(new TypeError("no answer")), WAIT_MS));

let sending = false;

/** Send what waits, oldest first; of an order nothing goes before what was done before it. */
export async function deliver(): Promise<void> {
  if (sending || !outbox.value.length) return;
  sending = true;
  try {
    const stopped = new Set(outbox.value.filter((one) => one.refused && one.work).map((one) => one.work));
    for (const one of outbox.value) {
      if (one.refused || one.user !== session.value?.user || (one.work && stopped.has(one.work))) continue;
      try {
        took(one, await post<WorkView>(one.path, one.body, one.key));
        discard(one.key);
      } catch (error) {
        if (!(error instanceof Refused) || error.status >= 502 || error.status === 401) return; // still away
        const { words, english } = told(error);
        const refused = words || english;
        keep(outbox.value.map((held) => (held.key === one.key ? { ...held, refused } : held)));
        if (one.work) stopped.add(one.work);
      }
    }
  } finally {
    sending = false;
  }
}

/** What was refused is tried again, as another wish, whatever version the order has by now. */
export function retry(key: string): void {
  keep(outbox.value.map((one) => (one.key === key ? { ...one, key: freshKey(), body: { ...one.body, ...(one.body.version && { version: 0 }) }, refused: undefined } : one)));
  void deliver();
}

/** Once, when the pages that use it are loaded. */
export function watch(): void {
  effect(() => {
    if (link.value === "live" && session.value) void deliver();
  });
  setInterval(() => link.value === "live" && void deliver(), AGAIN_MS);
}

