// How a gateway is, as it says itself.
import { now } from "../state";
import type { Backlog as Waiting, GatewayStatus, Lane } from "../types_gate";
import { known, number, quantity, say, word } from "../words/words";
import { English } from "../ui/english";
import { HealthMark } from "../ui/marks";
import { Since } from "../ui/panel";

const DAY_H = 48;
const LANES = ["accepted", "delivered", "pending", "refused", "thinned"] as const;

export function HowItIs({ told }: { told: GatewayStatus }) {
  const lanes = Object.entries(told.lanes) as [string, Lane][];
  const firing = told.alarms.filter((one) => one.state === "firing");
  return (
    <>
      <dl class="facts">
        <Fact name={say("gate.to_service")}>{told.service ? <State up={told.service.connected} since={say("gate.silent_for", { time: quantity(told.service.silent_ms, "ms") })} code={told.service.code} why={told.service.why} /> : say("gate.alone")}</Fact>
        <Fact name={say("gate.broker")}><State up={told.broker.connected} why={told.broker.why} /></Fact>
        <Fact name={say("gate.clock")}>{clockOf(told)}</Fact>
        <Fact name={say("gate.rate")}>{say("gate.a_second", { n: number(told.readings_per_s, 1) })}</Fact>
        <Fact name={say("gate.backlog")}><Backlog room={told.room} /></Fact>
        <Fact name={say("gate.outbox")}>{room(told.room.hours)}</Fact>
        <Fact name={say("gate.version")}>{told.version || "–"} · <span class="note">{say("gate.protocol_n", { n: number(told.protocol) })}</span></Fact>
      </dl>
      {told.not_ready.length === 0 && <p class="calm">{say("gate.ready")}</p>}
      {told.not_ready.length > 0 && (
        <>
          <p class="calm">{say("gate.not_ready")}</p>
          <ul class="sources" lang="en">{told.not_ready.map((one) => <li key={one}>{one}</li>)}</ul>
        </>
      )}
      {firing.length > 0 && (
        <>
          <h3 class="calm">{say("gate.alarms")}</h3>
          <ul class="sources">{firing.map((one) => <li key={`${one.rule} ${one.subject}`}><b>▲ {word("alert", one.rule)}</b> <span>{one.subject}</span> <Since at={one.since_ms} /></li>)}</ul>
        </>
      )}
      {lanes.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{say("gate.reports")}</th>
              {lanes.map(([lane]) => <th key={lane} scope="col" class="n">{word("lane", lane)}</th>)}
            </tr>
          </thead>
          <tbody>
            {LANES.map((state) => (
              <tr key={state}>
                <th scope="row">{say(`lane.${state}`)}</th>
                {lanes.map(([lane, book]) => <td key={lane} class="n">{number(book[state])}</td>)}
              </tr>
            ))}
            <tr>
              <th scope="row">{say("lane.sum")}</th>
              {lanes.map(([lane, { balanced }]) => <td key={lane} class={balanced ? "n" : "n odd"}>{say(balanced ? "lane.right" : "lane.wrong")}</td>)}
            </tr>
          </tbody>
        </table>
      )}
    </>
  );
}

/** How a gateway's clock goes, in words. */
export function clockOf({ clock }: GatewayStatus): string {
  return clock.why || (Math.abs(clock.ahead_ms) < 1000 ? say("gate.clock_right") : say("gate.clock_off", { time: quantity(clock.ahead_ms, "ms") }));
}

/** How long the oldest report has waited, and how many do. */
export function Backlog({ room }: { room: Waiting }) {
  const waits = Object.values(room.pending).reduce((sum, one) => sum + one, 0);
  if (!room.oldest_pending_ms || !waits) return <>{say("gate.backlog_none")}</>;
  const ms = Math.max(0, now.value - room.oldest_pending_ms);
  const hours = ms / 3_600_000;
  return (
    <>
      {hours < 1 ? quantity(ms, "ms") : say("gate.hours", { n: number(hours, hours < 10 ? 1 : 0) })} <span class="note">{waits === 1 ? say("gate.waiting_one") : say("gate.waiting", { n: number(waits) })}</span>
    </>
  );
}

/** Why in words where its code has some, and for how long; what the gateway says of it in English stands below. */
function State({ up, why, code = "", since = "" }: { up: boolean; why: string; code?: string; since?: string }) {
  if (up) return <span class="state"><HealthMark state="ok" /> {say("gate.there")}</span>;
  return (
    <>
      <span class="state"><HealthMark state="offline" /> {say("gate.away")}</span>
      {known("away", code) && <span class="reason">{word("away", code)}</span>}
      {since && <span class="reason">{since}</span>}
      <English text={why} />
    </>
  );
}

export function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function room(hours: number | null): string {
  if (hours === null) return say("gate.outbox_unknown");
  const told = hours > DAY_H ? say("gate.days", { n: number(Math.floor(hours / 24)) }) : say("gate.hours", { n: number(hours, 1) });
  return say("gate.outbox_room", { hours: told });
}
