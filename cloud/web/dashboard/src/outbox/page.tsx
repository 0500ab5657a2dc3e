// All that this browser holds for the service in one place: what waits, what was refused, what was sent.
import { type Kept, OLD_MS, WAITING_MAX } from "../core/outbox";
import { link } from "../state";
import { Panel, Since, useKeptFocus } from "../ui/panel";
import type { Finding } from "../trade/types";
import { number, say, word } from "../words/words";
import { deliver, kept, letGo, me, mine, stuck, unkept } from "./outbox";
import { Waiting } from "./pending";
import { hrefOf, inWords } from "./told";

const SHOWN_MAX = 50;

export function OutboxPage() {
  const list = useKeptFocus<HTMLUListElement>();
  const open = stuck.value;
  const waiting = open.filter((one) => one.state === "waiting");
  const refused = open.filter((one) => one.state === "refused");
  const sent = mine.value.filter((one) => one.state === "sent").sort((a, b) => b.done_ms - a.done_ms);
  const all = kept.value.filter((one) => one.state !== "sent").length;
  return (
    <>
      {unkept.value && <p class="banner" role="alert">{say("outbox.unkept")}</p>}
      <Panel
        name="outbox"
        title={say("outbox.title")}
        aside={waiting.length > 0 && <button type="button" onClick={() => void deliver()}>{say("outbox.now")}</button>}
        foot={<span class="note">{say("outbox.room", { n: number(all), most: number(WAITING_MAX) })}</span>}
      >
        {open.length === 0 && <p class="calm">{say(kept.value.some((one) => one.state !== "sent") ? "outbox.none_yours" : "outbox.none")}</p>}
        {waiting.length > 0 && <p class="note padded">{say(link.value === "stale" ? "outbox.away" : "outbox.here")}</p>}
        <ul ref={list} class="waiting-here">
          {[...refused, ...waiting].map((one) => (
            <Waiting key={one.key} one={one} href={hrefOf(one)} />
          ))}
        </ul>
      </Panel>
      <Others />
      {sent.length > 0 && (
        <Panel name="sent" title={say("outbox.sent")} aside={number(sent.length)}>
          <ul class="rows">
            {sent.slice(0, SHOWN_MAX).map((one) => (
              <li key={one.key}>
                <div class="what">
                  <a href={hrefOf(one)}>{inWords(one)}</a>
                  <span class="note">
                    {say("outbox.done")} <Since at={one.done_ms} />
                    {one.kind === "count" && cameTo(one.answer as Finding)}
                  </span>
                </div>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}

/** What the book makes of a count. */
const cameTo = ({ verdict, difference }: Finding): string => ` · ${word("outbox.came", verdict, { difference: number(difference, 0, { signDisplay: "exceptZero" }) })}`;

/** What others left here: how much it is, not what. They alone can send it. */
function Others() {
  const left = new Map<string, Kept[]>();
  for (const one of kept.value) if (one.state !== "sent" && one.user !== me()) left.set(one.user, [...(left.get(one.user) ?? []), one]);
  if (!left.size) return null;
  return (
    <Panel name="others-left" title={say("outbox.others")}>
      <ul class="rows">
        {[...left].map(([user, all]) => (
          <li key={user}>
            <div class="what">
              <strong>{say("outbox.of", { user, n: number(all.length) })}</strong>
              <span class="note">
                {say("outbox.since")} <Since at={Math.min(...all.map((one) => one.at_ms))} />
                {all.some(old) && ` · ${say("outbox.too_old")}`}
              </span>
            </div>
            {all.some(old) && (
              <button type="button" class="shy" aria-label={`${say("outbox.discard_old")}: ${user}`} onClick={() => all.filter(old).forEach((one) => void letGo(one.key))}>
                {say("outbox.discard_old")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Of no use any more to who did it, and in the way of others. */
const old = (one: Kept): boolean => one.at_ms < Date.now() - OLD_MS;
