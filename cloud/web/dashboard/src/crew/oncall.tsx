// Who is on call: now, next, and over the roster's days as a strip, with the same as a list for who can not see it.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { dayOf, noon } from "../core/forms";
import { may, now, zoneName } from "../state";
import { type Asked, useAsked } from "../trade/asked";
import { Form } from "../trade/form";
import { Panel, Since } from "../ui/panel";
import { day, dayNumber, minute, number, say, timezone, word } from "../words/words";
import { roster, testNotice } from "./api";
import { people } from "./doings";
import { Failed } from "./failed";
import { learn, nameOf } from "./names";
import type { CrewsView as Crew, NoticeView, RosterView, TeamView, TurnView } from "../types_crew";

const DAYS = 14;
const DAY_MS = 86_400_000;
const AGAIN_MS = 300_000;

/** A letter is so wide on average, of the strip's own size; a turn keeps so many free. */
const LETTER_EM = 0.56;
const EDGES = 2;
const WIDE = /[\u2e80-\uffef]/g;

const at = (ms: number) => `${day(ms)} ${minute(ms)}`;

export function OnCall({ asked: { value, failed }, again }: { asked: Asked<Crew>; again: () => void }) {
  const [turns] = useAsked("roster", rosterNow, AGAIN_MS);
  return (
    <>
      <Panel name="on-call" title={say("oncall.now")} aside={value?.timezone}>
        <Failed heard={value} failed={failed} again={again} />
        {!value && !failed && <p class="calm">{say("loading.text")}</p>}
        {value?.trouble && <p class="trouble padded" role="alert">{say("oncall.trouble", { why: value.trouble })}</p>}
        {value && !value.teams.length && <p class="calm">{say("oncall.none")}</p>}
        <ul class="rows teams">{value?.teams.map((team) => <Team key={team.id} team={team} />)}</ul>
        {value && value.teams.length > 0 && <Reached crew={value} />}
        {may("respond") && value && value.teams.length > 0 && <TestNotice />}
      </Panel>
      <Strip roster={turns.value.value} failed={turns.value.failed} teams={value?.teams ?? []} />
    </>
  );
}

async function rosterNow(): Promise<RosterView> {
  const held = await roster(DAYS);
  learn(held.turns.map(({ person, name }) => ({ id: person, name })));
  return held;
}

function Team({ team }: { team: TeamView }) {
  const [first, ...others] = team.now;
  return (
    <li>
      <div class="what">
        <span class="note">{team.name}</span>
        <strong class="who">{first?.name ?? say("oncall.nobody")}</strong>
        {first && team.until_ms > 0 && <span class="note">{say(team.next ? "oncall.until_next" : "oncall.until", { time: at(team.until_ms), name: nameOf(team.next) })}</span>}
        {first?.quiet && <span class="note">{say("oncall.quiet")}</span>}
        {others.length > 0 && <span class="note">{say("oncall.then_asked", { names: others.map((one) => (one.away ? `${one.name} (${say("oncall.away")})` : one.name)).join(say("crew.comma")) })}</span>}
      </div>
      <span class="note scope">{[...team.zones.map(zoneName), ...team.rules.map((rule) => word("alert", rule))].join(say("crew.comma")) || say("oncall.all")}</span>
    </li>
  );
}

/** Whether notices leave the house, and whether anybody would notice that they do not. */
function Reached({ crew: { waiting, beat_ms } }: { crew: Crew }) {
  return (
    <p class="note reached">
      {waiting > 0 && <>{say("oncall.waiting", { n: number(waiting) })} · </>}
      {beat_ms === null || beat_ms === undefined ? say("oncall.no_beat") : <>{say("oncall.beat")} <Since at={beat_ms} /></>}
    </p>
  );
}

function TestNotice() {
  const open = useSignal(false);
  const sent = useSignal<NoticeView | null>(null);
  const [asked] = useAsked("people", people);
  const all = asked.value.value ?? [];
  if (!all.length) return null;
  return (
    <div class="opening">
      {!open.value && (
        <button type="button" onClick={() => (open.value = true)}>
          {say("notices.test")}
        </button>
      )}
      {open.value && (
        <Form
          label={say("notices.test")}
          submit={say("notices.test_go")}
          close={() => (open.value = false)}
          fields={[{ name: "person", label: say("notices.test_who"), kind: "choice", choices: all.map((one) => [one.id, one.name]), value: all[0]!.id }]}
          send={async ({ person }, key) => (sent.value = await testNotice(person ?? "", key))}
          done={() => (open.value = false)}
        />
      )}
      <p class="note" role="status">{sent.value && say("notices.test_sent", { name: sent.value.name, state: word("notice_state", sent.value.state) })}</p>
    </div>
  );
}

function Strip({ roster: held, failed, teams }: { roster: RosterView | null; failed: boolean; teams: TeamView[] }) {
  const title = say("oncall.roster", { n: DAYS });
  const strip = useRef<HTMLDivElement>(null);
  const letters = useSignal(0);
  useLayoutEffect(() => {
    if (!strip.current) return;
    const watch = new ResizeObserver(([it]) => (letters.value = it!.contentRect.width / parseFloat(getComputedStyle(it!.target).fontSize) / LETTER_EM));
    watch.observe(strip.current);
    return () => watch.disconnect();
  }, [held]);
  if (!held) return <Panel name="roster" title={title}><p class="calm">{say(failed ? "later.failed" : "loading.text")}</p></Panel>;
  if (!held.turns.length) return <Panel name="roster" title={title}><p class="calm">{say("oncall.no_roster")}</p></Panel>;
  const ids = [...new Set(held.turns.map((turn) => turn.team))];
  const span = held.to_ms - held.from_ms;
  const share = (ms: number) => `${(100 * Math.min(1, Math.max(0, (ms - held.from_ms) / span))).toFixed(2)}%`;
  const days = midnights(held).map((one, n, all) => [one, all[n + 1] ?? held.to_ms] as const);
  return (
    <Panel name="roster" title={title} aside={`${day(held.from_ms)} – ${day(held.to_ms)}`}>
      <div class="strip" ref={strip} aria-hidden="true">
        <div class="days">
          {days.map(([from, until]) => (
            <span key={from} style={{ left: share(from), width: `calc(${share(until)} - ${share(from)})` }}>{until - from > DAY_MS / 2 && dayNumber(from)}</span>
          ))}
        </div>
        {ids.map((id) => (
          <div key={id} class="lane">
            <span class="note">{teams.find((team) => team.id === id)?.name ?? id}</span>
            <div class="turns">
              {held.turns.filter((turn) => turn.team === id).map((turn) => (
                <span key={turn.from_ms} class={`turn ${turn.stands_in ? "stands-in" : ""} ${turn.from_ms <= now.value && now.value < turn.until_ms ? "is-now" : ""}`} style={{ left: share(turn.from_ms), width: `calc(${share(turn.until_ms)} - ${share(turn.from_ms)})` }} title={told(turn)}>
                  <span>{short(turn, ((turn.until_ms - turn.from_ms) / span) * letters.value)}</span>
                </span>
              ))}
              <i class="at-now" style={{ left: share(now.value) }} />
            </div>
          </div>
        ))}
      </div>
      <details class="as-list">
        <summary><span class="unfold" /> {say("oncall.list")}</summary>
        {ids.map((id) => (
          <div key={id}>
            <h3>{teams.find((team) => team.id === id)?.name ?? id}</h3>
            <ol>{held.turns.filter((turn) => turn.team === id).map((turn) => <li key={turn.from_ms}>{told(turn)}</li>)}</ol>
          </div>
        ))}
      </details>
    </Panel>
  );
}

/** The beginnings of its days at the site; of the first one, of what is left of it. */
function midnights({ from_ms, to_ms }: RosterView): number[] {
  const all = [from_ms];
  for (let at_ms = from_ms; at_ms < to_ms; at_ms += DAY_MS) {
    const next = noon(dayOf(at_ms + DAY_MS, timezone.value), timezone.value) - DAY_MS / 2;
    if (next > all.at(-1)! && next < to_ms) all.push(next);
  }
  return all;
}

/** The name, or its first, as its turn has room for so many letters; where neither has, it stands in the list alone. */
function short({ name }: TurnView, room: number): string {
  const [first = name] = name.split(" ");
  return [name, first].find((one) => one.replace(WIDE, "mm").length + EDGES <= room) ?? "";
}

function told(turn: TurnView): string {
  const text = say("oncall.turn", { name: turn.name, from: at(turn.from_ms), until: at(turn.until_ms) });
  return turn.stands_in ? `${text} (${say("oncall.stands_in")})` : text;
}

