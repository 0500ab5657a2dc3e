// How a maintenance order came to be so: by whom, when, and what each changed.
import { nameOf } from "../crew/names";
import { skuName } from "../state";
import { useAsked } from "../trade/asked";
import { Since } from "../ui/panel";
import { number, say, word } from "../words/words";
import * as api from "./api";
import { windowed } from "./told";
import type { WorkView } from "../types";
import type { WorkVersion } from "../types_care";

const doer = (by: string): string => (by === "service" ? say("work.service") : by);

export function History({ work }: { work: WorkView }) {
  const [asked] = useAsked(`${work.id} ${work.version}`, () => api.work(work.id));
  const { value, failed } = asked.value;
  if (!value) return <p class="note">{say(failed ? "order.no_history" : "loading.text")}</p>;
  return (
    <section>
      <h3>{say("order.history")}</h3>
      <Versions versions={value.versions} />
    </section>
  );
}

/** For who fills in a form of an order that others changed since: who they were, and what they did. */
export function Meanwhile({ work, looked }: { work: WorkView; looked: number }) {
  const [asked] = useAsked(`${work.id} ${work.version}`, () => api.work(work.id));
  return (
    <div class="advice" role="status">
      <p>{say("work.meanwhile", { by: doer(work.by) })}</p>
      {asked.value.value && <Versions versions={asked.value.value.versions} behind={looked} />}
    </div>
  );
}

/** Those behind a version, each with what it changed of the one before. */
function Versions({ versions: all, behind = 0 }: { versions: readonly WorkVersion[]; behind?: number }) {
  const versions = [...all].sort((a, b) => a.order.version - b.order.version);
  return (
    <ol class="versions">
      {versions.map((version, at) =>
        version.order.version <= behind ? null : (
          <li key={version.order.version}>
            <span>
              <b>{word("work_done", version.action)}</b> · {doer(version.by)} · <Since at={version.at_ms} />
            </span>
            {changes(versions[at - 1], version).map((text) => (
              <span key={text} class="note">{text}</span>
            ))}
          </li>
        ),
      )}
    </ol>
  );
}

/** What a version changed of the one before, in words. */
export function changes(before: WorkVersion | undefined, { order }: WorkVersion): string[] {
  if (!before) return [];
  const was = before.order;
  const told: [string, string, string][] = [
    [say("work.what"), was.title, order.title],
    [say("work.window"), windowed(was), windowed(order)],
    [say("work.who"), nameOf(was.assigned_to), nameOf(order.assigned_to)],
    [say("work.quiet"), say(was.whole_zone ? "work.whole_zone" : "work.this_asset"), say(order.whole_zone ? "work.whole_zone" : "work.this_asset")],
    ...order.parts.flatMap((part): [string, string, string][] => {
      const had = was.parts.find((one) => one.sku === part.sku);
      return [
        [`${skuName(part.sku)}: ${say("work.wanted")}`, number(had?.units ?? 0), number(part.units)],
        [`${skuName(part.sku)}: ${say("work.taken")}`, number(had?.taken ?? 0), number(part.taken)],
      ];
    }),
  ];
  return told.filter(([, from, to]) => from !== to).map(([field, from, to]) => say("work.from_to", { field, from: from || "–", to: to || "–" }));
}
