// Something a person wants done, once: a second tap while it is under way does nothing, a try whose answer was lost
// keeps its key, and a refusal is kept to be shown where it belongs.
import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { freshKey, Refused, type Said } from "../api";
import { restart } from "../link";
import { known, language, say, word } from "../words/words";

export interface Wish {
  busy: boolean;
  /** What the service said, where it refused. */
  said: Said | null;
  /** The words of the trouble; "" for none. */
  trouble: string;
}

/** `ask` is given the key of the wish; a wish of other words (`body`) has another key. True: it was done. */
export function useWish(): [Signal<Wish>, (body: unknown, ask: (key: string) => Promise<unknown>) => Promise<boolean>] {
  const wish = useSignal<Wish>({ busy: false, said: null, trouble: "" });
  const last = useRef({ words: "", key: "" });
  const make = async (body: unknown, ask: (key: string) => Promise<unknown>) => {
    if (wish.value.busy) return false;
    const words = JSON.stringify(body);
    if (last.current.words !== words) last.current = { words, key: freshKey() };
    wish.value = { busy: true, said: null, trouble: "" };
    try {
      await ask(last.current.key);
      last.current = { words: "", key: "" };
      wish.value = { busy: false, said: null, trouble: "" };
      return true;
    } catch (error) {
      const refused = error instanceof Refused ? error : null;
      if (refused && refused.status < 500) last.current = { words: "", key: "" }; // it was answered: the next try is another one
      if (refused?.status === 401) restart();
      wish.value = { busy: false, said: refused?.said ?? null, trouble: refused ? told(refused) : say("wish.not_sent") };
      return false;
    }
  };
  return [wish, make];
}

/** A refusal in words: ours where there are some, else the service's own. */
export function told({ status, said: { reason, detail, hint } }: Refused): string {
  const ours = known("refused", reason) ? word("refused", reason) : "";
  const theirs = [sentence(detail), sentence(hint)].filter(Boolean).join(" "); // in English, but with the figures
  if (ours && (language.value !== "en" || !detail)) return [ours, sentence(detail)].filter(Boolean).join(" ");
  if (theirs) return theirs;
  return say(status === 403 ? "wish.not_allowed" : status === 409 ? "wish.changed" : "wish.not_sent");
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed && trimmed[0]!.toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
