// What left its limits: when, how far, which lots lay there, and what was decided about them, signed.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { may, now, session, skuName, zoneName } from "../state";
import { skuHref } from "../route";
import { Form } from "../trade/form";
import { Panel, useKeptFocus } from "../ui/panel";
import { moment, number, say, word } from "../words/words";
import * as api from "./api";
import { rooms } from "./live";
import { RoomMark } from "./marks";
import { degrees, lasted, windowed } from "./told";
import type { ExcursionView, LineView } from "../types_care";

const COMMENT_MAX = 500;

/** What waits for a decision first, then what is not over, then the newest. */
export function byDecision(a: ExcursionView, b: ExcursionView): number {
  return Number(a.state !== "open") - Number(b.state !== "open") || Number(a.ended_ms > 0) - Number(b.ended_ms > 0) || b.began_ms - a.began_ms;
}

export function Excursions({ excursions, meant, changed, days }: { excursions: ExcursionView[]; meant: number; changed: () => void; days: number }) {
  const defrosts = useSignal(false);
  const list = useKeptFocus<HTMLUListElement>();
  const count = excursions.filter((one) => one.kind === "defrost").length;
  const shown = excursions.filter((one) => one.kind !== "defrost" || defrosts.value || one.id === meant).sort(byDecision);
  const toggle = count > 0 && (
    <button type="button" aria-pressed={defrosts.value} onClick={() => (defrosts.value = !defrosts.value)}>
      {say("cold.with_defrosts", { n: number(count) })}
    </button>
  );
  return (
    <Panel name="excursions" title={say("cold.excursions")} aside={toggle} foot={<span class="note">{say("cold.last_days", { n: number(days) })}</span>}>
      {!shown.length && <p class="calm">{say("cold.no_excursions")}</p>}
      <ul ref={list} class="rows">
        {shown.map((one) => (
          <Excursion key={one.id} one={one} meant={one.id === meant} changed={changed} />
        ))}
      </ul>
    </Panel>
  );
}

function Excursion({ one, meant, changed }: { one: ExcursionView; meant: boolean; changed: () => void }) {
  const open = useSignal(meant);
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (!meant) return;
    open.value = true;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector("summary")?.focus({ preventScroll: true });
  }, [meant]);
  const units = one.lines.reduce((sum, line) => sum + line.units, 0);
  const when = one.ended_ms ? windowed({ from_ms: one.began_ms, until_ms: one.ended_ms }) : say("cold.from_until", { from: moment(one.began_ms), until: say("cold.now") });
  return (
    <li ref={row} class={`order-row excursion ${one.kind} ${one.state}`}>
      <details open={open.value} onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary aria-label={`${word("room", one.kind)} ${number(one.id)}, ${zoneName(one.zone)}`}>
          <RoomMark kind={one.kind} />
          <span class="what">
            <strong>
              {word("room", one.kind)} · {zoneName(one.zone)} {one.storage && <span class="note">{say("cold.kept", { storage: one.storage })}</span>}
            </strong>
            <span class="note">
              {when} · {far(one) && `${say("cold.peak", { value: degrees(one.peak_c) })} · `}
              {say("cold.outside", { time: lasted(outside(one)) })}
            </span>
          </span>
          <span class="tags">
            {one.state === "open" && <span class="tag late">{say("cold.to_decide")}</span>}
            {one.state === "decided" && <span class="tag">{say("cold.decided")}</span>}
            {units > 0 && <span class="note">{say("cold.units_of_lots", { units: number(units), lots: number(one.lines.length) })}</span>}
          </span>
          <span class="unfold" aria-hidden="true" />
        </summary>
        {open.value && (
          <div class="inside">
            <p class="note">
              {say("cold.number", { id: one.id })}
              {one.why && ` · ${word("breach_why", one.why)}`}
              {one.lot && ` · ${say("cold.one_lot", { name: skuName(one.sku), lot: one.lot })}`}
              {one.breach_ms > 0 && ` · ${say("cold.breach_at", { when: moment(one.breach_ms) })}`}
            </p>
            {one.lines.length > 0 && <Lines one={one} changed={changed} />}
            {!one.lines.length && <p class="note">{say(one.kind === "breach" ? "cold.no_lots" : "cold.nothing_to_decide")}</p>}
            <Signatures one={one} />
          </div>
        )}
      </details>
    </li>
  );
}

/** One that goes on is told as its room is above, which is newer than the list. */
const outside = (one: ExcursionView): number => [...rooms.value.values()].find((room) => room.excursion === one.id && !one.ended_ms)?.outside_ms ?? one.outside_ms;

/** Whether its peak says anything: a lot may grow too old without ever being outside. */
const far = (one: ExcursionView): boolean => !one.sku || (one.outside_ms > 0 && one.peak_c !== 0);

const lotOf = (line: LineView): string => (line.lot ? say("cold.lot_of", { lot: line.lot }) : say("cold.no_lot"));

function Lines({ one, changed }: { one: ExcursionView; changed: () => void }) {
  const open = one.lines.filter((line) => !line.decision);
  const numbers = open.map((line) => line.number);
  const [ticked, seen] = [useSignal<ReadonlySet<number>>(new Set(numbers)), useSignal<ReadonlySet<number>>(new Set(numbers))];
  const chosen = numbers.filter((number) => ticked.value.has(number));
  /** What came to it since it is looked at: nobody decides about that unasked. */
  const joined = (line: LineView) => !line.decision && !seen.value.has(line.number) && !ticked.value.has(line.number);
  const decides = may("govern") && one.state === "open" && open.length > 0;
  const pick = (number: number) => {
    const all = new Set(ticked.value);
    if (!all.delete(number)) all.add(number);
    ticked.value = all;
  };
  return (
    <>
      <div class="scrolling" tabIndex={0} role="group" aria-label={say("cold.lines")}>
        <table class="small">
          <thead>
            <tr>
              <th scope="col">{say("cold.lot")}</th>
              <th scope="col" class="n">{say("order.units")}</th>
              <th scope="col" class="n">{say("cold.gone")}</th>
              <th scope="col">{say("cold.decision")}</th>
            </tr>
          </thead>
          <tbody>
            {one.lines.map((line) => (
              <tr key={line.number}>
                <th scope="row">
                  {decides && (open.length > 1 || !chosen.length) && !line.decision ? (
                    <label class="tick">
                      <input type="checkbox" checked={ticked.value.has(line.number)} onChange={() => pick(line.number)} />
                      <span>
                        {skuName(line.sku)} <span class="note">{lotOf(line)}</span>{" "}
                        {joined(line) && <b>{say("cold.joined")}</b>}
                      </span>
                    </label>
                  ) : (
                    <>
                      <a href={skuHref(line.sku)}>{skuName(line.sku)}</a> <span class="note">{lotOf(line)}</span>
                    </>
                  )}
                </th>
                <td class="n">{number(line.units)}</td>
                <td class="n">{line.gone ? <strong>{number(line.gone)}</strong> : number(0)}</td>
                <td class="decision">{line.decision ? `${word("decided", line.decision)}, ${line.by}` : say(line.units > 0 ? "cold.in_quarantine" : "cold.has_left")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {decides && (
        <Deciding
          one={one}
          chosen={chosen}
          joined={open.filter(joined).length}
          changed={() => {
            ticked.value = seen.value = new Set(numbers); // what was left out now waits by itself
            changed();
          }}
        />
      )}
      {!may("govern") && one.state === "open" && open.length > 0 && <p class="note">{say("cold.managers_decide")}</p>}
    </>
  );
}

function Deciding({ one, chosen, joined, changed }: { one: ExcursionView; chosen: number[]; joined: number; changed: () => void }) {
  const who = session.value;
  const title = say("cold.number", { id: one.id });
  const signed = useSignal(0);
  return (
    <>
      <p class="note" role="status">{[joined > 0 && say("cold.joined_count", { n: number(joined) }), !chosen.length && say("cold.choose_some")].filter(Boolean).join(" ")}</p>
      <div hidden={!chosen.length}>
        <Form
          key={signed.value}
          label={say("cold.decide", { id: one.id })}
          still
          fields={[{ name: "comment", label: say("cold.comment"), kind: "prose", needed: true, most: COMMENT_MAX }]}
          besides={{ decision: "release", lines: chosen.join() }}
          submit={say(chosen.length === 1 ? "cold.release_one" : "cold.release", { n: number(chosen.length) })}
          also={{ label: say(chosen.length === 1 ? "cold.scrap_one" : "cold.scrap", { n: number(chosen.length) }), values: { decision: "scrap" } }}
          described={title}
          send={async ({ comment, decision }, key) => {
            await api.decide(one.id, decision as "release" | "scrap", comment!, chosen, key);
            signed.value += 1; // another one begins anew; what others sign leaves what is typed alone
            changed();
          }}
        >
          <p>{say("cold.you_sign", { user: who?.user ?? "", role: word("role", who?.role ?? ""), when: moment(now.value) })}</p>
        </Form>
      </div>
    </>
  );
}

function Signatures({ one }: { one: ExcursionView }) {
  if (!one.signatures.length) return null;
  return (
    <section class="signatures">
      <h3>{say("cold.signatures")}</h3>
      <ul>
        {one.signatures.map((sign) => (
          <li key={`${sign.at_ms} ${sign.by} ${sign.lines.join()}`}>
            <strong>{say(sign.lines.length === 1 ? "cold.signed_one" : "cold.signed", { decision: word("decided", sign.decision), n: number(sign.lines.length), by: sign.by, role: word("role", sign.role) })}</strong> <span class="note">{moment(sign.at_ms)}</span>
            <q>{sign.comment}</q>
          </li>
        ))}
      </ul>
    </section>
  );
}
