// One place being counted: the number in large, keys that a gloved thumb hits, the ways to the place before and behind it,
// and what the count came to. Without a network the count is kept, and one goes on.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { narrowed } from "../core/forms";
import { placesOf } from "../core/scanned";
import { give, kept } from "../outbox/outbox";
import { Waiting } from "../outbox/pending";
import { hrefOf } from "../route";
import { now, skuName, slots, zoneName } from "../state";
import { codes, number, say, word } from "../words/words";
import { taskHref } from "./counting";
import { Trouble } from "./form";
import { Found } from "./found";
import { asked, counts, countThing, findingOf, left, nameOf } from "./round";
import { Camera, useScans } from "./scan";
import type { CountTask } from "./types";
import { useWish } from "./wish";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "0", "send"] as const;
const DIGITS_MAX = 6;
const WHOLE = /^\d{1,6}$/;

export function CountSheet({ task }: { task: CountTask }) {
  const digits = useSignal("");
  const wrong = useSignal<"counting.number_first" | "counting.only_whole" | null>(null);
  const skipping = useSignal(false);
  const elsewhere = useSignal<{ code: string; task: Pick<CountTask, "place" | "sku"> | null } | null>(null);
  const confirmed = useSignal(false);
  /** The keys of the counts that were made while this place was on the screen. */
  const made = useSignal<readonly string[]>([]);
  const [wish, make] = useWish();
  const field = useRef<HTMLInputElement>(null);
  const onward = useRef<HTMLAnchorElement>(null);
  /** The walk as it was when this place came on the screen. */
  const held = useRef<CountTask[] | null>(null);
  if (asked.value) held.current ??= left.value.some((one) => nameOf(one) === nameOf(task)) ? left.value : [task, ...left.value];
  const walk = held.current ?? [task];
  const last = kept.value.find((one) => one.key === made.value.at(-1));
  const finding = last ? findingOf(last) : null;
  const over = last !== undefined && last.state !== "refused" && finding?.verdict !== "recount";
  const at = walk.findIndex((one) => nameOf(one) === nameOf(task));
  const open = new Set(left.value.map(nameOf));
  const next = [...walk.slice(at + 1), ...walk.slice(0, at)].find((one) => open.has(nameOf(one))) ?? null;
  const before = walk.slice(0, Math.max(0, at)).at(-1) ?? null;
  const done = counts.value.filter((one) => one.thing !== countThing(task)).length;
  useLayoutEffect(() => (over ? onward.current : field.current)?.focus(), [over]);

  const set = (text: string) => {
    wrong.value = null;
    digits.value = narrowed(text.trim()).replace(/^0+(?=\d)/, "");
  };
  const scanned = (code: string, held: string) => {
    digits.value = held;
    const every = [...left.value, ...[...slots.value.values()].map(({ id, sku }) => ({ place: id, sku }))];
    const found = placesOf(code, [task, ...every]);
    confirmed.value = found[0] === task;
    elsewhere.value = confirmed.value ? null : { code, task: found[0] ?? null };
  };
  useScans(() => digits.value, scanned);
  const send = async () => {
    if (over) return;
    if (!WHOLE.test(digits.value)) {
      wrong.value = digits.value ? "counting.only_whole" : "counting.number_first";
      return field.current?.focus();
    }
    const units = Number(digits.value);
    const body = { place: task.place, sku: task.sku, counted: units, at_ms: now.value };
    const told = { place: task.place, sku: task.sku, name: skuName(task.sku), units };
    await make([task.place, task.sku, units], async (key) => {
      await give({ kind: "count", thing: countThing(task), path: "api/v1/counts", body, told }, key);
      made.value = [...made.value, key];
      digits.value = "";
    });
  };
  const skip = async (reason: string) => {
    const told = { place: task.place, sku: task.sku, name: skuName(task.sku), reason };
    const skipped = await make(["skip", reason], (key) => give({ kind: "skip", thing: `skip ${nameOf(task)}`, path: "api/v1/counts/skip", body: { place: task.place, sku: task.sku, reason }, told }, key));
    if (skipped) location.hash = next && nameOf(next) !== nameOf(task) ? taskHref(next) : hrefOf("counting");
  };
  const press = (key: (typeof KEYS)[number]) => (key === "send" ? void send() : set(key === "back" ? digits.value.slice(0, -1) : digits.value.length < DIGITS_MAX ? digits.value + key : digits.value));
  const zone = slots.value.get(task.place)?.zone;
  return (
    <section class="panel count-sheet" aria-labelledby="title-count">
      <header>
        <h2 id="title-count">{skuName(task.sku)}</h2>
        <span class="note">{say("counting.progress", { done: number(Math.min(done + 1, done + walk.length)), all: number(done + walk.length) })}</span>
      </header>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p class="place-line">
          <span class="place">{task.place || say("counting.off_shelf")}</span>
          {zone && <span class="note">{zoneName(zone)}</span>}
          {confirmed.value && <b class="note" role="status">{say("counting.right_place")}</b>}
        </p>
        {elsewhere.value && (
          <p class="trouble" role="alert">
            {elsewhere.value.task ? say("counting.other_place", { code: elsewhere.value.code }) : say("counting.unknown_code", { code: elsewhere.value.code })}{" "}
            {elsewhere.value.task && <a href={taskHref(elsewhere.value.task)}>{say("counting.go_there", { place: elsewhere.value.task.place || elsewhere.value.task.sku })}</a>}
          </p>
        )}
        {last && (
          <div role="status">
            {finding ? <Found finding={finding} counted={Number(last.told.units)} /> : last.state === "refused" ? <ul class="waiting-here"><Waiting one={last} /></ul> : <p class="kept">{say("counting.kept_here", { units: number(Number(last.told.units)) })}</p>}
          </div>
        )}
        {!over && (
          <>
            <label for="counted">{say(finding || task.reasons.includes("recount") ? "counting.again" : "counting.how_many")}</label>
            <input
              ref={field}
              id="counted"
              class="counted"
              inputMode="none"
              autocomplete="off"
              value={digits.value}
              aria-invalid={wrong.value !== null || undefined}
              aria-describedby="count-said"
              onInput={(event) => {
                set(event.currentTarget.value);
                event.currentTarget.value = digits.value;
              }}
            />
            <p id="count-said" class="trouble" role="alert">
              {wrong.value ? say(wrong.value) : <Trouble wish={wish.value} />}
            </p>
            <div class="keys">
              {KEYS.map((key) => (
                <button
                  key={key}
                  type={key === "send" ? "submit" : "button"}
                  class={key === "send" ? "main" : ""}
                  aria-disabled={key === "send" && wish.value.busy}
                  aria-label={key === "back" ? say("counting.back") : undefined}
                  onClick={key === "send" ? undefined : () => press(key)}
                >
                  {key === "send" ? say(wish.value.busy ? "wish.sending" : "counting.ready") : key === "back" ? "⌫" : key}
                </button>
              ))}
            </div>
          </>
        )}
        {over && (
          <a ref={onward} class="button main onward" href={next ? taskHref(next) : hrefOf("counting")}>
            {next ? say("counting.next", { name: skuName(next.sku), place: next.place }) : say("counting.list")}
          </a>
        )}
        {skipping.value && !over && (
          <div class="skip-reasons" role="group" aria-label={say("counting.skip_why")}>
            <span class="note">{say("counting.skip_why")}</span>
            {codes("skip_reason").map((one) => (
              <button key={one} type="button" aria-disabled={wish.value.busy} onClick={() => void skip(one)}>
                {word("skip_reason", one)}
              </button>
            ))}
          </div>
        )}
        <div class="count-ways">
          <Way to={before} label={say("counting.before")} sign="‹" />
          <a class="button" href={hrefOf("counting")}>{say("counting.to_list")}</a>
          {!over && (
            <button type="button" aria-expanded={skipping.value} onClick={() => (skipping.value = !skipping.value)}>
              {say("counting.skip")}
            </button>
          )}
          <Camera scanned={(code) => scanned(code, digits.value)} />
          <Way to={next} label={say("counting.behind")} sign="›" />
        </div>
      </form>
    </section>
  );
}

/** To the place before or behind; where there is none, nothing to press. */
function Way({ to, label, sign }: { to: CountTask | null; label: string; sign: string }) {
  return to ? (
    <a class="button" href={taskHref(to)} aria-label={`${label}: ${to.place || skuName(to.sku)}`}>
      {sign}
    </a>
  ) : (
    <span class="button nowhere" aria-hidden="true">
      {sign}
    </span>
  );
}
