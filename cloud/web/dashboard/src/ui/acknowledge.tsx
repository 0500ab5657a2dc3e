// Taking an alert on: one press, or a note first and Enter. What can not be sent waits, and says so.
import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import * as api from "../api";
import type { AlertView } from "../types";
import { type Key, say } from "../words/words";
import { titled } from "./said";

/** Alerts whose acknowledgement waits to be sent (""), or was refused, and why. */
export const acknowledging = signal<ReadonlyMap<number, string>>(new Map());
type Taking = (alert: number, title: string, note: string) => Promise<unknown>;
/** How it is sent, once that is loaded: where there is no network it can not be fetched any more. */
let taking: Taking | null = null;
export const takeBy = (how: Taking) => void (taking = how);
/** Alerts that are being sent (""), and what came of the last try. */
const tried = signal<ReadonlyMap<number, Key | "">>(new Map());
const tell = (id: number, what: Key | "" | null) => {
  const all = new Map(tried.value);
  if (what === null) all.delete(id);
  else all.set(id, what);
  tried.value = all;
};

async function acknowledge(alert: AlertView, note: string, began?: () => void): Promise<void> {
  if (tried.value.get(alert.id) === "") return;
  tell(alert.id, "");
  began?.();
  try {
    if (!taking) await import("../outbox/acks");
    await taking!(alert.id, titled(alert), note);
    tell(alert.id, null);
  } catch (error) {
    const status = error instanceof api.Refused ? error.status : 0;
    tell(alert.id, status === 403 ? "alerts.not_allowed" : status === 409 ? "alerts.already" : "alerts.not_sent");
  }
}

/** `noted`: there is room for a note. `began`: it was pressed, and the answer is still to come. */
export function Acknowledge({ alert, noted, main, began }: { alert: AlertView; noted: boolean; main?: boolean; began?: () => void }) {
  const noting = useSignal(false);
  const note = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const mine = tried.value.get(alert.id);
  const waits = acknowledging.value.get(alert.id);
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
        <button type="button" class={main ? "main" : ""} aria-label={say("alerts.acknowledge_this", { title })} aria-disabled={mine === ""} onClick={() => void acknowledge(alert, note.value.trim(), began)}>
          {say(mine === "" ? "alerts.sending" : "alerts.acknowledge")}
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
        {mine ? say(mine) : waits === "" ? say("alerts.waiting") : waits}
      </span>
    </>
  );
}
