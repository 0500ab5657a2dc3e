// The plan frozen in a need (see cloud/core/planning/cards.py), with how the need stands.
import type { Card, NeedView } from "../types";

export interface Plan extends Card {
  revised: number;
  /** Only observed: nothing is proposed to anyone. */
  observed: boolean;
}

/** The plan in a need; null for one that an older service proposed, which has only its figures in `why`. */
export function planOf({ card, revised, state }: NeedView): Plan | null {
  return card && { ...card, revised, observed: state === "observed" };
}

/** When the figures of a need were decided; a service before this one did not keep it. */
export function decidedAt({ why, revised, created_ms, changed_ms }: NeedView): number {
  return typeof why.decided_ms === "number" ? why.decided_ms : revised > 0 ? changed_ms : created_ms;
}
