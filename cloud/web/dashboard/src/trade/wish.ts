// Something a person wants done, once: a second tap while it is under way does nothing, a try whose answer was lost
// keeps its key, and a refusal is kept to be shown where it belongs.
import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { freshKey, Refused, type Said } from "../api";
import { askWho } from "../link";
import { exactly } from "../words/refusing";
import { known, language, say, word } from "../words/words";

export interface Wish {
  busy: boolean;
  /** What the service said, where it refused. */
  said: Said | null;
  /** The words of the trouble; "" for none. */
  trouble: string;
  /** What the service says of it in English, where the page speaks another language. */
  english: string;
}

export const CALM: Wish = { busy: false, said: null, trouble: "", english: "" };

/** `ask` is given the key of the wish; a wish of other words (`body`) has another key. True: it was done. */
export function useWish(): [Signal<Wish>, (body: unknown, ask: (key: string) => Promise<unknown>) => Promise<boolean>] {
  const wish = useSignal<Wish>(CALM);
  const last = useRef({ words: "", key: "" });
  const make = async (body: unknown, ask: (key: string) => Promise<unknown>) => {
    if (wish.value.busy) return false;
    const words = JSON.stringify(body);
    if (last.current.words !== words) last.current = { words, key: freshKey() };
    wish.value = { ...CALM, busy: true };
    try {
      await ask(last.current.key);
      last.current = { words: "", key: "" };
      wish.value = CALM;
      return true;
    } catch (error) {
      const refused = error instanceof Refused ? error : null;
      if (refused && refused.status < 500) last.current = { words: "", key: "" }; // it was answered: the next try is another one
      if (refused?.status === 401 || refused?.status === 403) void askWho();
      const { words, english } = refused ? told(refused) : { words: say("wish.not_sent"), english: "" };
      wish.value = { busy: false, said: refused?.said ?? null, trouble: words, english };
      return false;
    }
  };
  return [wish, make];
}

/** A refusal in words: those of the page in its language, and in `english` what the service says itself, with its
 *  figures. In English the latter say it all. */
export function worded(said: Omit<Said, "field">): { words: string; english: string } {
  const exact = exactly(said);
  if (exact) return { words: exact, english: "" };
  const { reason, detail, hint } = said;
  const ours = known("refused", reason) ? word("refused", reason) : "";
  const theirs = [sentence(detail), sentence(hint)].filter(Boolean).join(" ");
  if (language.value === "en") return { words: detail || !ours ? theirs : ours, english: "" };
  return ours ? { words: ours, english: theirs } : { words: "", english: theirs };
}

/** The same where there may be no words at all: then the status says something. */
export function told({ status, said }: Refused): { words: string; english: string } {
  const { by } = said as Said & { by?: string };
  if (status === 412 && by) return { words: say("wish.changed_by", { by }), english: "" };
  const { words, english } = worded(said);
  return { words: words || say(status === 403 ? "wish.not_allowed" : status === 409 ? "wish.changed" : "wish.not_sent"), english };
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed && trimmed[0]!.toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
