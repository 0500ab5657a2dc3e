// Something asked of a gateway: what it told, or why it could not be asked.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "../api";
import { gateways } from "../state";
import { awaySince } from "../ui/said";
import { exactly } from "../words/refusing";
import { known, number, quantity, say, word } from "../words/words";

export interface Asked<T> {
  told: T | null;
  failed: string;
  asking: boolean;
}

/** Asks `gateway` when the part is shown, when `about` changes, when the gateway goes or comes back, and whenever `again` is called. */
export function useAsked<T>(about: string, gateway: string, ask: (about: string) => Promise<T>): { asked: Signal<Asked<T>>; again: () => void } {
  const asked = useSignal<Asked<T>>({ told: null, failed: "", asking: true });
  const turn = useSignal(0);
  useEffect(() => {
    let wanted = true;
    asked.value = { ...asked.peek(), asking: true };
    ask(about).then(
      (told) => wanted && (asked.value = { told, failed: "", asking: false }),
      (error: unknown) => wanted && (asked.value = { told: null, failed: reason(error, gateway), asking: false }),
    );
    return () => {
      wanted = false;
    };
  }, [about, turn.value, gateways.value.get(gateway)?.connected]);
  return { asked, again: () => (turn.value += 1) };
}

/** Why something was refused, in words; a gateway says itself what it found and what to do. `gateway`: who was asked. */
export function reason(error: unknown, gateway = ""): string {
  if (!(error instanceof Refused)) return say("why.failed");
  const { reason: code, detail, hint } = error.said;
  const link = gateways.value.get(gateway);
  if (code === "unavailable" && link) return link.connected ? say("gate.mute", { id: gateway }) : say("gate.out_of_reach", { id: gateway, time: awaySince(gateway) });
  const found = cannot(error.said.told);
  if (found) return found;
  const exact = exactly(error.said);
  if (exact) return exact;
  if (code === "bad_request" && detail) return hint ? `${detail}; ${hint}` : detail;
  return known("refused", code) ? word("refused", code) : say("why.failed");
}

/** What a gateway found, in the language that is shown; "" where only its own sentence says it. */
export function cannot(told: Record<string, string | number> = {}): string {
  const { why, ...figures } = told;
  if (typeof why !== "string" || !known("cannot", why)) return "";
  return word("cannot", why, Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, shown(name, value)])));
}

function shown(name: string, value: string | number): string {
  if (typeof value === "number") return name.endsWith("_g") ? quantity(value, "g", 1) : number(value, 2);
  return name === "kind" || name === "wanted" ? word("kind", value) : value;
}
