// Messages that could not be used: why, what they were, and reading them again once that was mended.
import { useSignal } from "@preact/signals";
import type { Kept, Quarantine, Replay, Replayed } from "../types_field";
import { known, language, number, quantity, say, word } from "../words/words";
import { English } from "../ui/english";
import { Panel, Since } from "../ui/panel";
import { reason } from "../gate/asked";
import { useEvery } from "./every";
import type { Gate } from "./gate";

const AGAIN_MS = 5000;
const STAYS_SHOWN = 5;

export function QuarantinePage({ gate, code, may }: { gate: Gate; code: string; may: boolean }) {
  const told = useSignal<Quarantine | null>(null);
  const older = useSignal<Kept[]>([]);
  const next = useSignal(0);
  const failed = useSignal("");
  const busy = useSignal(false);
  const done = useSignal<Replayed | null>(null);
  const look = async () => {
    try {
      told.value = await gate.quarantine(0, code);
      if (!older.peek().length) next.value = told.value.next;
      failed.value = "";
    } catch (error) {
      failed.value = reason(error, gate.id);
    }
  };
  useEvery(AGAIN_MS, `${gate.id} ${code}`, look);
  const replay = async (wish: Replay) => {
    if (busy.value) return;
    busy.value = true;
    try {
      done.value = await gate.replay(wish);
      await look();
    } catch (error) {
      failed.value = reason(error, gate.id);
    } finally {
      busy.value = false;
    }
  };
  const more = async () => {
    const found = await gate.quarantine(next.value, code).catch(() => null);
    if (!found) return;
    older.value = [...older.value, ...found.items];
    next.value = found.next;
  };
  const field = told.value;
  if (!field) return <p class="calm" role="status">{failed.value || say("why.asking")}</p>;
  const first = new Set(field.items.map(({ id }) => id));
  const items = [...field.items, ...older.value.filter(({ id }) => !first.has(id))];
  const codes = Object.keys(field.ever).sort((a, b) => (field.held[b] ?? 0) - (field.held[a] ?? 0));
  return (
    <>
      <Panel name="kinds" title={say("quarantine.kinds")} foot={<p class="note">{say("quarantine.limit", { n: number(field.held_max), size: quantity(field.bytes_max / 1024, "KB") })}</p>}>
        {codes.length === 0 && <p class="calm">{say("gate.no_problems")}</p>}
        {codes.length > 0 && (
          <table>
            <thead>
              <tr>
                <th scope="col">{say("quarantine.code")}</th>
                <th scope="col" class="n">{say("quarantine.ever")}</th>
                <th scope="col" class="n">{say("quarantine.held")}</th>
                <th scope="col" class="n">{say("quarantine.replayable")}</th>
              </tr>
            </thead>
            <tbody>
              {codes.map((one) => (
                <tr key={one}>
                  <th scope="row"><a href={gate.href(one === code ? "quarantine" : `quarantine/${one}`)} aria-current={one === code ? "true" : undefined}>{word("unread", one)}</a> <small class="note">{known("mend", one) && `${word("mend", one)} · `}<code>{one}</code></small></th>
                  <td class="n">{number(field.ever[one] ?? 0)}</td>
                  <td class="n">{number(field.held[one] ?? 0)}</td>
                  <td class="n">
                    {number(field.replayable[one] ?? 0)}{" "}
                    {may && (field.replayable[one] ?? 0) > 0 && <button type="button" aria-disabled={busy.value} onClick={() => void replay({ code: one })}>{say("quarantine.replay")}</button>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <div class="on-field" role="status">
          {failed.value}
          {done.value && <Outcome done={done.value} />}
        </div>
      </Panel>
      {items.length > 0 && (
        <Panel name="problems" title={code ? say("quarantine.of", { code: word("unread", code) }) : say("gate.problems")} foot={next.value > 0 && <button type="button" onClick={() => void more()}>{say("quarantine.older")}</button>}>
          <ul class="rows">{items.map((one) => <Message key={one.id} one={one} may={may} busy={busy.value} replay={replay} />)}</ul>
        </Panel>
      )}
    </>
  );
}

function Outcome({ done }: { done: Replayed }) {
  return (
    <>
      <p>
        {say("quarantine.used", { used: number(done.used), readings: number(done.readings) })}
        {done.duplicates > 0 && ` ${say("quarantine.known", { n: number(done.duplicates) })}`}
        {done.late > 0 && ` ${say("quarantine.late", { n: number(done.late) })}`}
      </p>
      {done.stays.length > 0 && <p>{say("quarantine.stay", { n: number(done.stays.length) })}</p>}
      <ul class="sources">{done.stays.slice(0, STAYS_SHOWN).map((one) => <li key={one.id}><code>{one.code}</code> <Why code={one.code} detail={one.why} /></li>)}</ul>
      {done.left > 0 && <p>{say("quarantine.left", { n: number(done.left) })}</p>}
    </>
  );
}

function Message({ one, may, busy, replay }: { one: Kept; may: boolean; busy: boolean; replay: (wish: Replay) => Promise<void> }) {
  const state = one.replayed_ms ? say("quarantine.was") : one.whole ? "" : say("quarantine.partly");
  return (
    <li class="bad-message">
      <b>{one.device || one.topic}</b> <Since at={one.at_ms} />
      <span class="note"><code>{one.code}</code> · {one.topic}</span>
      <Why code={one.code} detail={one.hint ? `${one.detail}; ${one.hint}` : one.detail} />
      {one.text && <code class="payload">{one.text}</code>}
      {state && <p class="note">{state} {one.replayed_ms > 0 && <Since at={one.replayed_ms} />}</p>}
      {may && one.whole && !one.replayed_ms && <p class="taps"><button type="button" aria-disabled={busy} onClick={() => void replay({ ids: [one.id] })}>{say("quarantine.replay")}</button></p>}
    </li>
  );
}

/** Why a message could not be used: in English as its gateway says it, else in words, and what it says beside them. */
function Why({ code, detail }: { code: string; detail: string }) {
  if (language.value === "en" || !known("unread", code)) return <p>{detail}</p>;
  return (
    <p>
      {say("quarantine.why", { what: word("unread", code), todo: word("mend", code) })} <English text={detail} />
    </p>
  );
}
