// The gateways, a card each: link, backlog, clock, version, last heard and last changed apart.
import { gatewayHref } from "../route";
import { gatewaysInOrder } from "../state";
import type { GatewayView } from "../types";
import type { GatewayStatus } from "../types_gate";
import { number, say } from "../words/words";
import { HealthMark } from "../ui/marks";
import { Panel, Since } from "../ui/panel";
import { useEvery } from "../field/every";
import { awaySince } from "../ui/said";
import { Backlog, clockOf, Fact } from "../field/how";
import { useSignal } from "@preact/signals";
import * as api from "./api";
import { reason } from "./asked";

const AGAIN_MS = 10_000;

export function GatewayCards() {
  const all = gatewaysInOrder.value;
  if (all.length === 0) return null;
  return (
    <Panel name="gateway-cards" title={say("gate.all")}>
      <ul class="device-cards">{all.map((one) => <Card key={one.id} link={one} />)}</ul>
    </Panel>
  );
}

function Card({ link }: { link: GatewayView }) {
  const told = useSignal<GatewayStatus | null>(null);
  const failed = useSignal("");
  useEvery(AGAIN_MS, `${link.id} ${link.connected}`, async () => {
    try {
      told.value = await api.status(link.id);
      failed.value = "";
    } catch (error) {
      failed.value = reason(error, link.id);
    }
  });
  const status = told.value;
  const firing = status?.alarms.filter((one) => one.state === "firing").length ?? 0;
  const wrong = link.connected ? (status?.not_ready.length ?? 0) + firing : 0;
  const lost = link.connected ? "" : say("gate.not_known", { time: awaySince(link.id) });
  return (
    <li class={!link.connected || wrong > 0 ? "wants" : undefined}>
      <h3>
        <HealthMark state={link.connected ? "ok" : "offline"} /> <a class="what" href={gatewayHref(link.id)}>{link.id}</a> <span class="note">{say(link.connected ? "gate.there" : "gate.away")}</span>
      </h3>
      {wrong > 0 && <p class="odd">▲ {wrong === 1 ? say("gate.wrong_one") : say("gate.wrong", { n: number(wrong) })}</p>}
      <dl class="facts">
        <Fact name={say("field.heard")}><Since at={link.last_seen_ms} /></Fact>
        {status && <Fact name={say("field.changed")}>{status.changed_ms ? <Since at={status.changed_ms} /> : "–"}</Fact>}
        {(status || lost) && (
          <>
            <Fact name={say("gate.backlog")}>{lost || (status && <Backlog room={status.room} />)}</Fact>
            <Fact name={say("gate.clock")}>{lost || (status && clockOf(status))}</Fact>
            {status && <Fact name={say("gate.version")}>{status.version || "–"} <span class="note">{say("gate.protocol_n", { n: number(status.protocol) })}</span></Fact>}
            <Fact name={say("gate.rate")}>{lost || (status && say("gate.a_second", { n: number(status.readings_per_s, 1) }))}</Fact>
          </>
        )}
      </dl>
      {!status && <p class="note" role="status">{failed.value || say("why.asking")}</p>}
      {status && failed.value && <p class="note" role="status">{failed.value} {link.connected && <Since at={status.now_ms} />}</p>}
    </li>
  );
}
