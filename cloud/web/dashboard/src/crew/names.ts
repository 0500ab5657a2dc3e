// What people are called: as whoever was on call or on the roster says. Else by their id.
import { signal } from "@preact/signals";
import type { PersonView } from "./types";

const names = signal<ReadonlyMap<string, string>>(new Map());

/** Keep these names too. There are no more of them than people on the site. */
export function learn(people: PersonView[]): void {
  if (people.every((one) => names.peek().get(one.id) === one.name)) return;
  names.value = new Map([...names.peek(), ...people.map((one): [string, string] => [one.id, one.name])]);
}

export const nameOf = (id: string): string => names.value.get(id) ?? id;
