// One gateway: how it is as it says itself, its devices, who is new, messages as they come, what could not be used.
import { gatewaysInOrder, may } from "../state";
import { hrefOf, part } from "../route";
import type { GatewayStatus } from "../types_gate";
import { say } from "../words/words";
import { HealthMark } from "../ui/marks";
import { Panel, Since } from "../ui/panel";
import * as api from "./api";
import { useAsked } from "./asked";
import { throughService } from "../field/gate";
import { Fact, HowItIs } from "../field/how";
import { Shown, Tabs } from "../field/tabs";

const TABS = ["state", "devices", "new", "messages", "quarantine"] as const;

export function Gateway() {
  const [id = "", tab = "state", ...more] = part.value.split("/");
  const back = <a class="back" href={hrefOf("devices")}>{say("gate.back")}</a>;
  if (!gatewaysInOrder.value.some((one) => one.id === id)) return <Panel name="gateway" title={say("gate.title", { id })} aside={back}><p class="calm">{say("gate.unknown")}</p></Panel>;
  if (!TABS.some((one) => one === tab)) return <Panel name="gateway" title={say("gate.title", { id })} aside={back}><p class="calm" role="status">{say("gate.no_tab")}</p></Panel>;
  const gate = throughService(id);
  return (
    <div class="gateway">
      <Tabs gate={gate} tabs={TABS.filter((one) => one !== "messages" || may("maintain"))} tab={tab} />
      {tab === "state" && <How id={id} back={back} />}
      <Shown gate={gate} tab={tab} more={more.join("/")} may={may("maintain")} />
    </div>
  );
}

function How({ id, back }: { id: string; back: preact.ComponentChild }) {
  const { asked, again } = useAsked<GatewayStatus>(id, id, api.status);
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
      </dl>
      {told && link.connected ? <HowItIs told={told} /> : <p class="calm" role="status">{failed || say("why.asking")}</p>}
    </Panel>
  );
}
