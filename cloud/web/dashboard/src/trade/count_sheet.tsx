// One place being counted: the number in large, keys that a gloved thumb hits, and what the count came to.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { now, skuName } from "../state";
import { say } from "../words/words";
import { count } from "./api";
import { Found } from "./found";
import type { CountTask, Finding } from "./types";
import { Trouble } from "./form";
import { useWish } from "./wish";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "back", "0", "send"] as const;
const DIGITS_MAX = 6;

interface Sheet {
  task: CountTask;
  next: CountTask | null;
  found: (counted: number, finding: Finding) => void;
  go: (to: CountTask | null) => void;
}

export function CountSheet({ task, next, found, go }: Sheet) {
  const digits = useSignal("");
  const finding = useSignal<{ counted: number; finding: Finding } | null>(null);
  const empty = useSignal(false);
  const [wish, make] = useWish();
  const field = useRef<HTMLInputElement>(null);
  const onward = useRef<HTMLButtonElement>(null);
  const shown = finding.value;
  const over = shown !== null && shown.finding.verdict !== "recount";
  useLayoutEffect(() => (over ? onward.current : field.current)?.focus(), [over]);

  const set = (text: string) => {
    empty.value = false;
    digits.value = text.replace(/\D/g, "").replace(/^0+(?=\d)/, "").slice(0, DIGITS_MAX);
  };
  const send = async () => {
    if (over) return;
    if (!digits.value) {
      empty.value = true;
      return field.current?.focus();
    }
    const counted = Number(digits.value);
    const at_ms = now.value;
    let made: Finding | null = null;
    if (await make([task.place, task.sku, counted], async (key) => (made = await count(task.place, task.sku, counted, at_ms, key)))) {
      finding.value = { counted, finding: made! };
      digits.value = "";
      found(counted, made!);
    }
  };
  const press = (key: (typeof KEYS)[number]) => (key === "send" ? void send() : set(key === "back" ? digits.value.slice(0, -1) : digits.value + key));
  return (
    <section class="panel count-sheet" aria-labelledby="title-count">
      <header>
        <h2 id="title-count">{skuName(task.sku)}</h2>
        <button type="button" onClick={() => go(null)}>
          {say("counting.list")}
        </button>
      </header>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p class="place">{task.place || say("counting.off_shelf")}</p>
        {shown && (
          <div role="status">
            <Found {...shown} />
          </div>
        )}
        {!over && (
          <>
            <label for="counted">{say(shown ? "counting.again" : "counting.how_many")}</label>
            <input
              ref={field}
              id="counted"
              class="counted"
              inputMode="none"
              autocomplete="off"
              value={digits.value}
              aria-invalid={empty.value || undefined}
              aria-describedby="count-said"
              onInput={(event) => {
                set(event.currentTarget.value);
                event.currentTarget.value = digits.value;
              }}
            />
            <p id="count-said" class="trouble" role="alert">
              {empty.value ? say("counting.number_first") : <Trouble wish={wish.value} />}
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
          <button ref={onward} type="button" class="main onward" onClick={() => go(next)}>
            {next ? say("counting.next", { name: skuName(next.sku), place: next.place }) : say("counting.list")}
          </button>
        )}
      </form>
    </section>
  );
}
