// Something asked of a gateway: what it told, or why it could not be asked.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../api";
import { exactly } from "../words/refusing";
import { known, say, word } from "../words/words";

export interface Asked<T> {
  told: T | null;
  failed: string;
  asking: boolean;
}

/** Asks when the part is shown, when `about` changes, and whenever `again` is called. */
export function useAsked<T>(about: string, ask: (about: string) => Promise<T>): { asked: Signal<Asked<T>>; again: () => void } {
  const asked = useSignal<Asked<T>>({ told: null, failed: "", asking: true });
  const turn = useSignal(0);
  useEffect(() => {
    let wanted = true;
    asked.value = { ...asked.peek(), asking: true };
    ask(about).then(
      (told) => wanted && (asked.value = { told, failed: "", asking: false }),
      (error: unknown) => wanted && (asked.value = { told: null, failed: reason(error), asking: false }),
    );
    return () => {
      wanted = false;
    };
  }, [about, turn.value]);
  return { asked, again: () => (turn.value += 1) };
}

/** Why something was refused, in words; a gateway says itself what it found and what to do. */
export function reason(error: unknown): string {
  if (!(error instanceof Refused)) return say("why.failed");
  const { reason: code, detail, hint } = error.said;
  const exact = exactly(error.said);
  if (exact) return exact;
  if (code === "bad_request" && detail) return hint ? `${detail}; ${hint}` : detail;
  return known("refused", code) ? word("refused", code) : say("why.failed");
}
