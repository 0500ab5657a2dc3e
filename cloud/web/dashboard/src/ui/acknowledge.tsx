// Taking an alert on: one press, or a note first and Enter. What could not be sent says so and can be tried again.
import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import * as api from "../api";
import { adopt, restart } from "../link";
import type { AlertView } from "../types";
import { type Key, say } from "../words/words";
import { titled } from "./said";

interface Wish {
  key: string;
  busy: boolean;
  trouble: Key | null;
}
const wishes = signal<ReadonlyMap<number, Wish>>(new Map());
const wish = (id: number, next: Wish | null) => {
  const all = new Map(wishes.value);
  if (next) all.set(id, next);
  else all.delete(id); // granted: should the alert fire again, that is another wish
  wishes.value = all;
};

async function acknowledge(alert: AlertView, note: string, began?: () => void): Promise<void> {
  const before = wishes.value.get(alert.id);
  if (before?.busy) return;
  const key = before?.key ?? api.freshKey(); // the same key again: a try whose answer was lost is not a second one
  wish(alert.id, { key, busy: true, trouble: null });
  began?.();
  try {
    adopt({ alerts: [await api.acknowledge(alert.id, note, key)] });
    wish(alert.id, null);
  } catch (error) {
    const status = error instanceof api.Refused ? error.status : 0;
    if (status === 401) restart();
    wish(alert.id, { key, busy: false, trouble: status === 403 ? "alerts.not_allowed" : status === 409 ? "alerts.already" : "alerts.not_sent" });
  }
}

/** `noted`: there is room for a note. `began`: it was pressed, and the answer is still to come. */
export function Acknowledge({ alert, noted, main, began }: { alert: AlertView; noted: boolean; main?: boolean; began?: () => void }) {
  const noting = useSignal(false);
  const note = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const mine = wishes.value.get(alert.id);
  const title = titled(alert);
  useLayoutEffect(() => {
    if (noting.value) field.current?.focus();
  }, [noting.value]);
  const close = () => {
    noting.value = false;
    opener.current?.focus();
  };
  return (
    <>
      <div class="acts">
        {noted && (
          <button ref={opener} type="button" class="pen" aria-label={say("alerts.note_this", { title })} aria-expanded={noting.value} onClick={() => (noting.value ? close() : (noting.value = true))}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M3 13l.6-2.8 7.2-7.2 2.2 2.2-7.2 7.2zM9.5 4.3l2.2 2.2" />
            </svg>
          </button>
        )}
        <button type="button" class={main ? "main" : ""} aria-label={say("alerts.acknowledge_this", { title })} aria-disabled={mine?.busy} onClick={() => void acknowledge(alert, note.value.trim(), began)}>
          {say(mine?.busy ? "alerts.sending" : "alerts.acknowledge")}
        </button>
      </div>
      {noting.value && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void acknowledge(alert, note.value.trim(), began);
          }}
          onKeyDown={(event) => event.key === "Escape" && !event.isComposing && (event.stopPropagation(), close())}
        >
          <input
            ref={field}
            aria-label={say("alerts.note")}
            placeholder={say("alerts.note_hint")}
            maxLength={api.NOTE_MAX}
            enterkeyhint="send"
            autocomplete="off"
            value={note.value}
            onInput={(event) => (note.value = event.currentTarget.value)}
          />
        </form>
      )}
      <span class="trouble" role="status">
        {mine?.trouble && say(mine.trouble)}
      </span>
    </>
  );
}
