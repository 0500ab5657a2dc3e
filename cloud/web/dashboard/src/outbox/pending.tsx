// What waits to be sent, at the thing it is about: said aloud, with a way to let it go, or to send again what was refused.
import "../style/phone.css";
import { inWords, why } from "./told";
import type { Kept } from "../core/outbox";
import { now } from "../state";
import { English } from "../ui/english";
import { ago, say } from "../words/words";
import { letGo, mend } from "./outbox";

export function Pending({ waiting }: { waiting: readonly Kept[] }) {
  if (!waiting.length) return null;
  return (
    <ul class="waiting-here" role="status">
      {waiting.map((one) => (
        <Waiting key={one.key} one={one} />
      ))}
    </ul>
  );
}

/** `href`: where it belongs, where that is another page. */
export function Waiting({ one, href }: { one: Kept; href?: string }) {
  const refused = one.state === "refused";
  const what = inWords(one);
  const { words, english } = refused ? why(one) : { words: say(one.tries ? "outbox.tried" : "outbox.why"), english: "" };
  return (
    <li class={refused ? "refused" : ""}>
      <Mark refused={refused} />
      <span class="what">
        <strong>{say(refused ? "outbox.refused" : "outbox.waiting", { what: "" })}{href ? <a href={href}>{what}</a> : what}</strong>
        <span class="note">
          {words} {say("outbox.kept", { ago: ago(one.at_ms, Math.max(now.value, one.at_ms)) })}
        </span>
        <English text={english} />
      </span>
      <span class="acts">
        {refused && (
          <button type="button" aria-label={`${say("outbox.again")}: ${what}`} onClick={() => void mend(one.key)}>
            {say("outbox.again")}
          </button>
        )}
        <button type="button" class="shy" aria-label={`${say("outbox.discard")}: ${what}`} onClick={() => void letGo(one.key)}>
          {say("outbox.discard")}
        </button>
      </span>
    </li>
  );
}

const Mark = ({ refused }: { refused: boolean }) => (
  <svg class="outbox-mark" viewBox="0 0 16 16" aria-hidden="true">
    <path d={refused ? "M8 2v7.5M8 12.5v.6" : "M8 12V3M4.5 6.5 8 3l3.5 3.5M3 13.5h10"} />
  </svg>
);
