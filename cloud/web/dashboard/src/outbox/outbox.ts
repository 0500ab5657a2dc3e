// The outbox: what is done here goes to the service at once, or waits in this browser, visibly, until it can. Each wish
// keeps its key, so that what arrived once is not done twice; only who wished it sends it; one window at a time sends it.
import { computed, effect, signal } from "@preact/signals";
import { freshKey, post, Refused } from "../api";
import { wait } from "../core/backoff";
import { again, changed, type Kept, LEASE_MS, meant, nextOf, openOf, put, tidied, underWay, without, type Wish } from "../core/outbox";
import { adopt, restart } from "../link";
import { link, session } from "../state";
import type { AlertView, WorkView } from "../types";
import { fetchOutbox, unsent } from "../ui/later";
import "./badge";
import "./acks";
import { takeOver } from "./earlier";
import * as store from "./store";

/** A dead network may say nothing for minutes; what arrived all the same is known by its key. */
const TRY_MS = 8000;
const AGAIN_MIN_MS = 2000;

/** All that this browser keeps, whosever. */
export const kept = signal<readonly Kept[]>([]);
export const me = () => session.value?.user ?? "";
export const mine = computed(() => kept.value.filter((one) => one.user === me()));
/** What of it waits, or was refused. */
export const stuck = computed(() => openOf(kept.value, me()).filter((one) => !underWay(one, Date.now())));
/** This browser keeps nothing: what can not be sent is refused aloud. */
export const unkept = signal(false);

/** Shown already, but not written down yet: a page that is closed now would know nothing of them. */
export const unwritten = signal<ReadonlySet<string>>(new Set());

const others = new BroadcastChannel("outbox");
let retry: number | undefined;
let fails = 0;

const show = (all: readonly Kept[]) => {
  kept.value = all;
  unkept.value = false;
};

async function change<T>(act: (all: Kept[]) => [Kept[], T]): Promise<T> {
  try {
    const [all, came] = await store.change((before) => act(tidied(before, Date.now())));
    show(all);
    others.postMessage(null);
    return came;
  } catch (error) {
    unkept.value = true;
    throw error;
  }
}

const look = () => store.readAll().then(show, () => (unkept.value = true));

/** Do it now, or keep it for when the service can be reached. Gives what came of it; throws `Refused` where the service
 *  says no, or there is no room to keep it: then nothing of it is kept, for whoever wished it is still there. */
export async function give(wish: Wish, key = freshKey()): Promise<Kept> {
  const user = me();
  const seen = put(kept.value, wish, key, user, Date.now())?.[0];
  if (seen) {
    unwritten.value = new Set([...unwritten.value, key]);
    kept.value = changed(seen, key, lease()); // at once: a double tap is one
  }
  const one = await change((all) => {
    const more = put(all, wish, key, user, Date.now());
    if (!more) return [all, null];
    const [after, fresh] = more;
    const first = nextOf(after.filter((other) => other.thing === fresh.thing), user, Date.now())?.key === fresh.key && link.value !== "stale" && reachable();
    return first ? [changed(after, key, lease()), { ...fresh, ...lease() }] : [after, fresh];
  }).catch(() => {
    kept.value = without(kept.value, key);
    throw new Refused(507, { reason: "outbox_unkept", detail: "", hint: "", field: "" });
  }).finally(() => (unwritten.value = new Set([...unwritten.value].filter((other) => other !== key))));
  if (!one) throw new Refused(507, { reason: "outbox_full", detail: "", hint: "", field: "" });
  if (one.until_ms) await attempt(one, true);
  else void deliver();
  return kept.value.find((other) => other.key === key) ?? one;
}

/** A house without the internet is offline to some browsers, and still has its service. */
const reachable = () => navigator.onLine || link.value === "live";
const lease = () => ({ until_ms: Date.now() + LEASE_MS });

/** Send one that this window has claimed. False: the service can not be reached, or by somebody else alone. */
async function attempt(one: Kept, here: boolean): Promise<boolean> {
  try {
    const answer = await post<unknown>(one.path, one.body, one.key, { user: one.user, signal: AbortSignal.timeout(TRY_MS) });
    await change((all) => [changed(all, one.key, { state: "sent", body: {}, answer, done_ms: Date.now(), until_ms: 0 }), null]);
    if (one.kind === "ack") adopt({ alerts: [answer as AlertView] });
    if (one.kind === "work" && "id" in (answer as object)) adopt({ works: [answer as WorkView] });
    fails = 0;
    return true;
  } catch (error) {
    const refused = error instanceof Refused ? error : null;
    const came = refused ? meant(refused.status, refused.said.reason) : "wait";
    if (came === "refused" && here) {
      await change((all) => [without(all, one.key), null]);
      throw error;
    }
    const said = refused && came === "refused" ? { said: { ...refused.said, status: refused.status }, state: "refused" as const } : {};
    await change((all) => [changed(all, one.key, { ...said, tries: one.tries + 1, until_ms: 0 }), null]);
    if (came === "sign_in") {
      session.value = undefined; // who is it?
      restart();
    } else if (came === "wait") later();
    return came === "refused";
  }
}

function later(): void {
  clearTimeout(retry);
  retry = setTimeout(() => void deliver(), Math.max(AGAIN_MIN_MS, wait(fails++, Math.random())));
}

let sending = false;

/** Send what waits, in order, one after the other. */
export async function deliver(): Promise<void> {
  if (sending || !reachable() || !me()) return;
  sending = true;
  try {
    for (;;) {
      const user = me();
      const one = await change((all) => {
        const found = nextOf(all, user, Date.now());
        return found ? [changed(all, found.key, lease()), found] : [all, null];
      });
      if (!one || !(await attempt(one, false))) break;
    }
  } catch {
    later(); // nothing can be kept or read just now
  } finally {
    sending = false;
  }
  // what another window claimed, and may have left behind
  if (openOf(kept.value, me()).some((one) => one.state === "waiting")) later();
}

/** Not to be sent any more. */
export const letGo = (key: string) => change((all) => [without(all, key), null]);

/** What was refused, once more. */
export async function mend(key: string): Promise<void> {
  const fresh = freshKey();
  await change((all) => [again(all, key, fresh), null]);
  await deliver();
}

effect(() => void (unsent.value = stuck.value.length));
fetchOutbox(); // what shows it must be at hand where there is no network
others.onmessage = () => void look();
void takeOver((more) => change((all) => [[...all, ...more.map((one, at) => ({ ...one, n: all.length + at + 1 }))], null])).catch(() => undefined).then(look).then(deliver);
effect(() => {
  if (link.value === "live" && session.value) {
    fails = 0;
    void deliver();
  }
});
addEventListener("online", () => void deliver());
