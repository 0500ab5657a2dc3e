// A gateway's devices, a card each: heard and changed apart, battery, signal, lost messages, clock, version, and whether
// it is to be calibrated. Those that want something come first.
import { useSignal } from "@preact/signals";
import { gateways, zoneName } from "../state";
import type { DeviceCard } from "../types_field";
import { number, quantity, say, word } from "../words/words";
import { HealthMark } from "../ui/marks";
import { Panel, Since } from "../ui/panel";
import { reason } from "../gate/asked";
import { useEvery } from "./every";
import { allCards, type Gate } from "./gate";
import { RunAt } from "./run";

const AGAIN_MS = 10_000;
const LOST_PCT = 1;
const BATTERY_PCT = 15;
const CLOCK_MS = 10_000;

/** Does it want somebody's attention? */
const wants = (one: DeviceCard): boolean => one.due !== "" || one.findings.length > 0 || (one.state !== "ok" && one.state !== "unseen");
const rank = (one: DeviceCard): number => (wants(one) ? 0 : one.state === "unseen" ? 1 : 2);

export function Cards({ gate, may }: { gate: Gate; may: boolean }) {
  const items = useSignal<DeviceCard[] | null>(null);
  const failed = useSignal("");
  const sought = useSignal("");
  useEvery(AGAIN_MS, gate.id, async () => {
    try {
      items.value = await allCards(gate);
      failed.value = "";
    } catch (error) {
      failed.value = reason(error, gate.id);
      if (gateways.value.get(gate.id)?.connected === false) items.value = null; // how they are now nobody knows
    }
  });
  const all = items.value;
  const text = sought.value.trim().toLowerCase();
  const shown = (all ?? []).filter((one) => !text || [one.id, one.name, one.address, ...one.slots].some((part) => part.toLowerCase().includes(text))).sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
  return (
    <Panel
      name="field-devices"
      title={say("field.devices")}
      aside={<input type="search" aria-label={say("field.seek")} placeholder={say("field.seek")} value={sought.value} onInput={(event) => (sought.value = event.currentTarget.value)} />}
      foot={<p class="note">{say("field.usual", { lost: `${LOST_PCT}%`, battery: `${BATTERY_PCT}%`, clock: quantity(CLOCK_MS, "ms") })}</p>}
    >
      {failed.value && <p class="calm" role="status">{failed.value}</p>}
      {!all && !failed.value && <p class="calm">{say("why.asking")}</p>}
      {all && shown.length === 0 && <p class="calm">{say("field.none_found")}</p>}
      <ul class="device-cards">
        {shown.map((one) => <Card key={one.id} one={one} gate={gate} may={may} />)}
      </ul>
    </Panel>
  );
}

function Card({ one, gate, may }: { one: DeviceCard; gate: Gate; may: boolean }) {
  const slot = useSignal("");
  const odd = (is: boolean) => (is ? "odd" : undefined);
  return (
    <li class={wants(one) ? "wants" : undefined}>
      <h3>
        <HealthMark state={one.state} /> <span>{one.name || one.id}</span> <span class="note">{word("device", one.state)}</span>
      </h3>
      <p class="note">
        {one.name && `${one.id} · `}{word("kind", one.kind)} · {zoneName(one.zone)}{one.slots.length > 0 && ` · ${one.slots.join(", ")}`}
      </p>
      {one.address !== one.id && <p class="note">{say("field.stands", { address: one.address })}</p>}
      {one.due && <p class="odd">{say(`field.due.${one.due}`)}</p>}
      {one.findings.map((code) => <p key={code} class="odd">{word("amiss", code)}</p>)}
      <dl class="facts">
        <Fact name="heard">{one.seen_ms ? <Since at={one.seen_ms} /> : say("devices.never")}</Fact>
{one.seen_ms > 0 && (
          <>
            <Fact name="changed">{one.changed_ms ? <Since at={one.changed_ms} /> : "–"}</Fact>
            <Fact name="lost" odd={odd((one.lost_pct ?? 0) > LOST_PCT)}>{one.lost_pct === null ? "–" : `${number(one.lost_pct, 1)}%`}{one.lost > 0 && <span class="note"> ({number(one.lost)})</span>}</Fact>
            <Fact name="battery" odd={odd(one.battery_pct !== null && one.battery_pct <= BATTERY_PCT)}>{one.battery_pct === null ? "–" : `${number(one.battery_pct)}%`}</Fact>
            <Fact name="signal">{one.rssi_dbm === null ? "–" : `${number(one.rssi_dbm)} dBm`}</Fact>
            <Fact name="clock" odd={odd(Math.abs(one.clock_ms) > CLOCK_MS)}>{one.seen_ms ? offset(one.clock_ms) : "–"}</Fact>
            <Fact name="firmware">{one.firmware || "–"}</Fact>
          </>
        )}
        {one.slots.length > 0 && <Fact name="calibrated">{one.calibrated_ms ? <Since at={one.calibrated_ms} /> : say("field.not_by_hand")}</Fact>}
      </dl>
      {may && (
        <p class="taps">
          <a class="tap" href={gate.href(`messages/${encodeURIComponent(one.id)}`)}>{say("field.messages")}</a>
          {one.slots.map((id) => (
            <button key={id} type="button" aria-expanded={slot.value === id} onClick={() => (slot.value = slot.value === id ? "" : id)}>{say("field.calibrate", { slot: id })}</button>
          ))}
        </p>
      )}
      {slot.value && <RunAt gate={gate} slot={slot.value} key={slot.value} />}
    </li>
  );
}

function Fact({ name, odd, children }: { name: "heard" | "changed" | "lost" | "battery" | "signal" | "clock" | "firmware" | "calibrated"; odd?: string | undefined; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{say(`field.${name}`)}</dt>
      <dd class={odd}>{odd && <span aria-label={say("field.odd")}>▲ </span>}{children}</dd>
    </div>
  );
}

function offset(ms: number): string {
  if (Math.abs(ms) < 1000) return say("gate.clock_right");
  return say(ms > 0 ? "field.ahead" : "field.behind", { time: quantity(Math.abs(ms), "ms") });
}
