// Parts that only some pages need: they and their words are loaded when one is first shown.
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { say } from "../words/words";

type Parts = typeof import("../trade/parts");
const parts = signal<Parts | null>(null);
const failed = signal(false);
let asked = false;

/** Ask for them; what could not be loaded is asked for again when it is next needed. */
export function fetchParts(): void {
  if (asked) return;
  asked = true;
  import("../trade/parts").then(
    (loaded) => ((parts.value = loaded), (failed.value = false)),
    () => ((asked = false), (failed.value = true)),
  );
}

type Name = { [K in keyof Parts]: Parts[K] extends (props: infer _) => unknown ? K : never }[keyof Parts];
type Props<K extends Name> = Parameters<Parts[K]>[0] extends undefined ? object : Parameters<Parts[K]>[0];

export function Later<K extends Name>({ part, ...props }: { part: K } & Props<K>) {
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
