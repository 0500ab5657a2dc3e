// What waits in this browser to be sent: said aloud, with a way to drop it, or to try again what was refused.
import { session } from "../state";
import { ago, say, word } from "../words/words";
import { now } from "../state";
import { discard, type Kept, retry } from "./outbox";

export function Pending({ waiting }: { waiting: readonly Kept[] }) {
  if (!waiting.length) return null;
  return (
    <ul class="waiting-here" role="status">
      {waiting.map((one) => (
        <li key={one.key} class={one.refused ? "refused" : ""}>
          <svg class="outbox-mark" viewBox="0 0 16 16" aria-hidden="true">
            <path d={one.refused ? "M8 2v7.5M8 12.5v.6" : "M8 12V3M4.5 6.5 8 3l3.5 3.5M3 13.5h10"} />
          </svg>
          <span class="what">
            <strong>{say(one.refused ? "outbox.refused" : "outbox.waiting", { what: one.action === "open" ? one.body.title || say("work.open") : word("work_step", one.action) })}</strong>
            <span class="note">
              {one.refused ?? say("outbox.why")} {ago(one.at_ms, Math.max(now.value, one.at_ms))}
              {one.user !== session.value?.user && ` · ${say("outbox.of", { user: one.user })}`}
            </span>
          </span>
          <span class="acts">
            {one.refused && (
              <button type="button" onClick={() => retry(one.key)}>
                {say("later.again")}
              </button>
            )}
            <button type="button" class="shy" onClick={() => discard(one.key)}>
              {say("outbox.discard")}
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
