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
