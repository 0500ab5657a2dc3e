// Parts that only some pages need: they and their words are loaded when one is first shown.
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { worn } from "../sheets";
import { type BookName, bring } from "../words/books";
import { say } from "../words/words";

/** How much waits to be sent, for the header; once something can. */
export const badge = signal<ComponentType | null>(null);
/** How much of whoever is signed in was not sent. */
export const unsent = signal(0);

type Name<Parts> = { [K in keyof Parts]: Parts[K] extends (props: infer _) => unknown ? K : never }[keyof Parts];
type Props<Part> = Part extends (props: infer Given) => unknown ? (Given extends undefined ? object : Given) : never;

/** Ways to parts that are loaded once: ahead of time, and as one of them is shown. What could not be loaded is asked for
 *  again when it is next needed. */
export function lazily<Parts extends object>(load: () => Promise<Parts>, ...books: BookName[]) {
  const parts = signal<Parts | null>(null);
  const failed = signal(false);
  let asked = false;
  const fetchParts = (): void => {
    if (asked) return;
    asked = true;
    Promise.all([load().then(async (parts) => (await worn(), parts)), bring(...books)]).then(
      ([loaded]) => ((parts.value = loaded), (failed.value = false)),
      () => ((asked = false), (failed.value = true)),
    );
  };
  function Later<K extends Name<Parts>>({ part, ...props }: { part: K } & Props<Parts[K]>) {
    useEffect(fetchParts, []);
    if (!parts.value) {
      return (
        <p class="calm" role="status">
          {say(failed.value ? "later.failed" : "loading.text")} {failed.value && <button type="button" onClick={fetchParts}>{say("later.again")}</button>}
        </p>
      );
    }
    const Part = parts.value[part] as unknown as ComponentType<typeof props>;
    return <Part {...props} />;
  }
  return { fetchParts, Later };
}

export const { fetchParts, Later } = lazily(() => import("../trade/parts"), "trade", "orders", "portal", "refused", "phone");
export const { fetchParts: fetchCrew, Later: LaterCrew } = lazily(() => import("../crew/crew"), "crew", "means", "trade", "plant", "refused", "phone");
export const { Later: LaterChart } = lazily(() => import("./course"), "plant");
export const { Later: LaterDoor } = lazily(() => import("./door"), "door");
export const { Later: LaterFloor } = lazily(() => import("../floor/parts"), "floor");
export const { Later: LaterFront } = lazily(() => import("../front/parts"), "front", "plant");
export const { Later: LaterHabits } = lazily(() => import("../front/habits"), "front");
export const { Later: LaterGate } = lazily(() => import("../gate/parts"), "gate", "field", "refused");
export const { Later: LaterPeople } = lazily(() => import("../people/parts"), "people", "door", "trade", "orders", "refused");
export const { Later: LaterAudit } = lazily(() => import("../people/parts"), "people", "trade", "orders", "refused", "site");
export const { Later: LaterSite } = lazily(() => import("../site/parts"), "site", "trade", "people", "refused");
export const { Later: LaterSupply } = lazily(() => import("../supply/parts"), "supply", "trade", "orders", "refused");
export const { fetchParts: fetchPlant, Later: LaterPlant } = lazily(() => import("../plant/parts"), "plant", "cold", "trade", "orders", "refused", "phone");
export const { fetchParts: fetchOutbox, Later: LaterOutbox } = lazily(() => import("../outbox/parts"), "phone", "plant", "refused");
