// Who may be given some work: all of the site's crews, asked for once.
import { signal } from "@preact/signals";
import { learn } from "../crew/names";
import type { PersonView } from "../crew/types";
import { crews } from "./api";

const held = signal<readonly PersonView[] | null>(null);
let asked = false;

/** Everybody by name; null until it is known. A site that lists nobody gives its work to whoever is named. */
export function people(): readonly PersonView[] | null {
  if (!asked) {
    asked = true;
    crews().then(
      ({ people: all }) => {
        learn(all);
        held.value = [...all].sort((a, b) => a.name.localeCompare(b.name));
      },
      () => (asked = false), // it is asked again with what is shown next
    );
  }
  return held.value;
}
