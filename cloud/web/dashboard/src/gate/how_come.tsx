// How a slot's number came about, as its gateway tells, and what somebody at the shelf may do there.
import { gatewayOf, may } from "../state";
import type { SlotView } from "../types";
import type { Explained, LastWord } from "../types_gate";
import { figure, number, percent, quantity, say, word } from "../words/words";
import { Since } from "../ui/panel";
import * as api from "./api";
import { useAsked } from "./asked";
import { Shelf } from "./shelf";

/** Log-likelihood ratios in nats, up to which a source is said to speak so. */
const STRENGTHS: [below: number, key: string][] = [[-5, "strongly_against"], [-1, "against"], [1, "undecided"], [5, "for"], [Infinity, "strongly_for"]];
const JOURNAL_SHOWN = 5;

export function HowCome({ slot }: { slot: SlotView }) {
  const { asked, again } = useAsked(slot.id, gatewayOf(slot.device), api.explained);
  const { told, failed, asking } = asked.value;
  return (
    <>
      <section class="how-come" aria-busy={asking}>
        <h3>{say("why.title")}</h3>
        {told ? <Told told={told} /> : <p class="calm" role="status">{failed || say("why.asking")}</p>}
        <p>
          <button type="button" aria-disabled={asking} onClick={() => asking || again()}>{say("why.again")}</button>
        </p>
      </section>
      {may("respond") && <Shelf slot={slot} done={again} />}
    </>
  );
}

function Told({ told }: { told: Explained }) {
  const sure = percent(told.probability, 1);
  return (
    <>
      <p>
        {told.count === null
          ? say("why.guess", { low: number(told.low), high: number(told.high), count: number(told.likeliest), sure })
          : say("why.certain", { count: number(told.count), sure })}
      </p>
      {told.words.length === 0 && <p class="calm">{say("why.nothing")}</p>}
      <ul class="sources">
        {told.words.map((one) => <Source key={one.source} said={one} />)}
        {told.waiting.map((one) => (
          <li key={`${one.kind} ${one.at_ms}`}>
            <span>{say(`why.${one.kind}`, { delta: signed(one.delta) })}</span> <Since at={one.at_ms} />
          </li>
        ))}
      </ul>
      {told.book !== null && told.agree !== null && (
        <dl class="facts">
          <div>
            <dt>{say("why.book")}</dt>
            <dd>{say(told.gap ? "why.gap" : "why.agrees", { book: number(told.book), gap: signed(told.gap), sure: percent(told.agree, 1) })}</dd>
          </div>
        </dl>
      )}
      {told.journal.length > 0 && (
        <>
          <h3>{say("why.journal")}</h3>
          <ul class="sources">
            {told.journal.slice(0, JOURNAL_SHOWN).map((line) => (
              <li key={`${line.at_ms} ${line.what}`}>
                <span>{word("journal", String(line.what), { by: signed(Number(line.by ?? 0)), units: number(Number(line.units ?? 0)), mass: quantity(Number(line.by_g ?? 0), "g", 1) })}{line.who ? ` · ${line.who}` : ""}</span> <Since at={Number(line.at_ms)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Source({ said }: { said: LastWord }) {
  const { source, value, count, by, speaks } = said;
  const shown = source === "mass" ? quantity(value, "g", 1) : source === "booked" ? signed(value) : figure(value);
  const strength = STRENGTHS.find(([below]) => speaks < below)![1];
  return (
    <li>
      <b>{word("source", source)}</b>
      <span>
        {say(source === "counted" && by ? "why.counted_by" : `why.${source}`, { value: shown, count: number(count), by })}
        <span class="note"> · {word("speaks", strength)} · <Since at={said.at_ms} /></span>
      </span>
    </li>
  );
}

const signed = (value: number): string => number(value, 0, { signDisplay: "exceptZero" });
