// Rows in groups that stay where they are while somebody is about to act among them.
import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { kept } from "../core/queue";
import { useHeld } from "../ui/held";

/** The rows of each group, in their order. */
type Groups = ReadonlyMap<string, readonly number[]>;

/** What was shown keeps its group and its place in it, whatever became of it; what is new comes last in its own. Pure. */
export function stayed(before: Groups, now: Groups): Groups {
  const placed = new Set([...before.values()].flat());
  return new Map([...now].map(([name, rows]) => [name, kept(before.get(name) ?? [], rows.filter((one) => !placed.has(one)))]));
}

export function usePlaces(home: RefObject<HTMLElement | null>, now: Groups): Groups {
  const held = useHeld(home);
  const places = useRef<Groups>(new Map());
  return (places.current = held ? stayed(places.current, now) : now);
}
