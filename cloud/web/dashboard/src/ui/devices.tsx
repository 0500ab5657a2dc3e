// Gateways and devices, those that do not speak first.
import { gatewayHref, hrefOf } from "../route";
import { devicesInOrder, gatewaysInOrder, now, roomy, zoneName } from "../state";
import type { DeviceView, GatewayView } from "../types";
import { ago, atMost, exact, number, say, word } from "../words/words";
import { HealthMark } from "./marks";
import { Panel, Since } from "./panel";

/** So short a time is "now", as in `ago`. */
const NOW_MS = 30_001;

export function Devices({ limit }: { limit?: number }) {
  const all = devicesInOrder.value;
  const gateways = gatewaysInOrder.value;
  const shown = limit ? all.slice(0, limit) : all;
  return (
    <Panel
      name="devices"
      scrolls={limit !== undefined && roomy.value}
      title={say("devices.title")}
      aside={all.length > 0 && say("devices.count", { ok: all.filter((one) => one.state === "ok").length, all: all.length })}
      foot={shown.length < all.length && <a href={hrefOf("devices")}>{say("devices.see_all", { n: all.length })}</a>}
    >
      {all.length + gateways.length === 0 ? (
        <p class="calm">{say("devices.none")}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{say("devices.name")}</th>
              <th scope="col">{say("devices.state")}</th>
              <th scope="col" class="n">{say("devices.last_seen")}</th>
              {!limit && <th scope="col" class="n wide">{say("devices.lost")}</th>}
              {!limit && <th scope="col" class="n wide">{say("devices.duplicates")}</th>}
              {!limit && <th scope="col" class="n wide">{say("devices.battery")}</th>}
            </tr>
          </thead>
          <tbody>
            {gateways.map((gateway) => (
              <Gateway key={`gateway ${gateway.id}`} gateway={gateway} full={!limit} />
            ))}
            {shown.map((device) => (
              <Device key={device.id} device={device} full={!limit} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Gateway({ gateway, full }: { gateway: GatewayView; full: boolean }) {
  const counts = `${say("devices.events")} ${number(gateway.events)} · ${say("devices.telemetry")} ${number(gateway.telemetry)}${gateway.refused ? ` · ${say("devices.refused")} ${number(gateway.refused)}` : ""}`;
  return (
    <tr class={gateway.connected ? "ok" : "offline"}>
      <th scope="row">
        <a href={gatewayHref(gateway.id)}>{gateway.id}</a>
        <span class="note">{full ? counts : say("devices.gateway")}</span>
      </th>
      <td>
        <span class="state">
          <HealthMark state={gateway.connected ? "ok" : "offline"} /> {say(gateway.connected ? "gateway.connected" : "gateway.cut")}
        </span>
      </td>
      <td class="n">{gateway.last_seen_ms ? <Since at={gateway.last_seen_ms} /> : say("devices.never")}</td>
      {full && <td class="n wide">–</td>}
      {full && <td class="n wide">–</td>}
      {full && <td class="n wide">–</td>}
    </tr>
  );
}

function Device({ device, full }: { device: DeviceView; full: boolean }) {
  return (
    <tr class={device.state}>
      <th scope="row">
        {device.name || device.id}
        <span class="note">
          {device.name && `${device.id} · `}
          {word("kind", device.kind)} · {zoneName(device.zone)}
        </span>
      </th>
      <td>
        <span class="state">
          <HealthMark state={device.state} /> {word("device", device.state)}
        </span>
      </td>
      <td class="n"><Heard device={device} /></td>
      {full && <td class="n wide">{number(device.lost)}</td>}
      {full && <td class="n wide">{number(device.duplicates)}</td>}
      {full && <td class="n wide">{device.battery_pct === null ? "–" : `${number(device.battery_pct)}%`}</td>}
    </tr>
  );
}

/** When a device was last heard. Of one that is well its gateway tells only now and then, yet knows that it speaks. */
function Heard({ device }: { device: DeviceView }) {
  const { last_seen_ms: at, within_ms: within } = device;
  if (!at) return <>{say("devices.never")}</>;
  if (!within || now.value - at <= within) return <Since at={at} />;
  const text = within < NOW_MS ? ago(now.value, now.value) : say("devices.within", { time: atMost(within) });
  return <span title={say("devices.within_why", { time: exact(at) })}>{text}</span>;
}
