// One gateway: how it is as it says itself, what it could not read, who speaks to it and is not in the site file.
import { gatewaysInOrder } from "../state";
import { hrefOf, part } from "../route";
import type { Badness, GatewayStatus, Stranger } from "../types_gate";
import { number, quantity, say } from "../words/words";
import { HealthMark } from "../ui/marks";
import { Panel, Since } from "../ui/panel";
import * as api from "./api";
import { useAsked } from "./asked";

const DAY_H = 48;

export function Gateway() {
  const id = part.value;
  const back = <a class="back" href={hrefOf("devices")}>{say("gate.back")}</a>;
  if (!gatewaysInOrder.value.some((one) => one.id === id)) return <Panel name="gateway" title={say("gate.title", { id })} aside={back}><p class="calm">{say("gate.unknown")}</p></Panel>;
  return (
    <div class="gateway">
      <How id={id} back={back} />
      <Problems id={id} />
      <Strangers id={id} />
    </div>
  );
}

function How({ id, back }: { id: string; back: preact.ComponentChild }) {
  const { asked, again } = useAsked<GatewayStatus>(id, api.status);
  const { told, failed, asking } = asked.value;
  const link = gatewaysInOrder.value.find((one) => one.id === id)!;
  return (
    <Panel name="gateway" title={say("gate.title", { id })} aside={back} foot={<button type="button" aria-disabled={asking} onClick={() => asking || again()}>{say("why.again")}</button>}>
      <dl class="facts">
        <Fact name={say("gate.link")}>
          <span class="state">
            <HealthMark state={link.connected ? "ok" : "offline"} /> {say(link.connected ? "gate.there" : "gate.away")}
          </span>{" "}
          <Since at={link.last_seen_ms} />
        </Fact>
        {told && (
          <>
            <Fact name={say("gate.broker")}>
              <span class="state">
                <HealthMark state={told.broker.connected ? "ok" : "offline"} /> {told.broker.connected ? say("gate.there") : told.broker.why || say("gate.away")}
              </span>
            </Fact>
            <Fact name={say("gate.clock")}>{told.clock.why || (Math.abs(told.clock.ahead_ms) < 1000 ? say("gate.clock_right") : say("gate.clock_off", { time: quantity(told.clock.ahead_ms, "ms") }))}</Fact>
            <Fact name={say("gate.rate")}>{say("gate.a_second", { n: number(told.readings_per_s, 1) })}</Fact>
            <Fact name={say("gate.outbox")}>
              {room(told.room.hours)} · <span class="note">{say("gate.waiting", { n: number(Object.values(told.room.pending).reduce((sum, one) => sum + one, 0)) })}</span>
            </Fact>
            <Fact name={say("gate.protocol")}>{number(told.protocol)}</Fact>
          </>
        )}
      </dl>
      {!told && <p class="calm" role="status">{failed || say("why.asking")}</p>}
      {told && told.not_ready.length === 0 && <p class="calm">{say("gate.ready")}</p>}
      {told && told.not_ready.length > 0 && (
        <>
          <p>{say("gate.not_ready")}</p>
          <ul class="sources">{told.not_ready.map((one) => <li key={one}>{one}</li>)}</ul>
        </>
      )}
    </Panel>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Problems({ id }: { id: string }) {
  const { told, failed } = useAsked<Badness>(id, api.problems).asked.value;
  if (!told) return failed ? null : <p class="calm">{say("why.asking")}</p>;
  const counts = Object.entries(told.counts);
  return (
    <Panel name="problems" title={say("gate.problems")}>
      {counts.length === 0 && <p class="calm">{say("gate.no_problems")}</p>}
      {counts.length > 0 && (
        <ul class="sources">
          {counts.map(([code, times]) => (
            <li key={code}><code>{code}</code> <span class="note">{say("gate.times", { n: number(times) })}</span></li>
          ))}
        </ul>
      )}
      <ul class="rows">
        {told.latest.map((one, at) => (
          <li key={`${one.at_ms} ${at}`} class="bad-message">
            <b>{one.device || one.topic}</b> <Since at={one.at_ms} />
            <span class="note">{one.topic}</span>
            <p>{one.detail}{one.hint && `; ${one.hint}`}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Strangers({ id }: { id: string }) {
  const { told } = useAsked<Stranger[]>(id, api.strangers).asked.value;
  if (!told) return null;
  return (
    <Panel name="strangers" title={say("gate.strangers")}>
      {told.length === 0 && <p class="calm">{say("gate.no_strangers")}</p>}
      <ul class="rows">
        {told.map((one) => (
          <li key={`${one.source} ${one.address}`} class="bad-message">
            <b>{one.address || one.source}</b> <Since at={one.at_ms} />
            <p>{one.hint}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function room(hours: number | null): string {
  if (hours === null) return say("gate.outbox_unknown");
  const told = hours > DAY_H ? say("gate.days", { n: number(Math.floor(hours / 24)) }) : say("gate.hours", { n: number(hours, 1) });
  return say("gate.outbox_room", { hours: told });
}
