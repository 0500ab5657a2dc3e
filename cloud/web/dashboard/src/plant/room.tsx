// One room as a strip: its temperature now, its last day with limits and gaps, and what happened in it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { history } from "../api";
import { excursionHref } from "../route";
import { now, speaks, zoneName } from "../state";
import { HOUR_MS, useHistory } from "../ui/history";
import { Since } from "../ui/panel";
import { type Mark, Trend } from "../ui/trend";
import { extent, type Series, stretches } from "../core/series";
import { asOf, minute, number, quantity, say, word } from "../words/words";
import { RoomMark } from "./marks";
import { beyond, degrees, lasted, limits, since } from "./told";
import type { RoomView } from "../types";
import type { ExcursionView } from "../types_care";

const HOURS = 24;
const DOOR_POINTS = 400;
const DOOR_AGAIN_MS = 60_000;
/** A value is told with its age from so old on. */
const OLD_MS = 120_000;
/** Of more thermometers than that only the first are drawn. */
const DRAWN_MAX = 3;
const SIGNS = { breach: ["square", "--bad"], excursion: ["triangle", "--warn"], defrost: ["circle", "--muted"] } as const;

/** Nobody knows how warm it is now: none of its thermometers speaks. */
export const isOld = ({ series }: RoomView): boolean => series.length > 0 && !series.some(speaks);

export function Room({ room, excursions }: { room: RoomView; excursions: ExcursionView[] }) {
  const first = useHistory(room.series[0] ?? "", HOURS, { at: room.at_ms, value: room.series.length === 1 ? room.celsius : null }).value;
  const to = Math.floor(now.value / 10_000) * 10_000 + 10_000;
  const from = to - HOURS * HOUR_MS;
  const lately = excursions.filter((one) => (one.ended_ms || to) > from);
  const marks = lately.map((one): Mark => ({ from: Math.max(one.began_ms, from), to: one.ended_ms || to, sign: SIGNS[one.kind][0], colour: SIGNS[one.kind][1] }));
  const opened = useDoor(room.doors[0] ?? "", from, to);
  const doors = opened.map((one): Mark => ({ ...one, sign: "bar", colour: "--muted" }));
  const range = first.series && extent(first.series);
  const outer = [room.outer_low_c, room.outer_high_c].filter((one): one is number => one !== null);
  const value = room.celsius === null ? "?" : degrees(room.celsius);
  const old = isOld(room);
  const id = `room-${room.id.replace(/\W/g, "-")}`;
  const label = say("cold.chart", { name: zoneName(room.zone), n: HOURS, value, state: word("room", room.kind || (old ? "unknown" : "within")), n_marks: marks.length });
  return (
    <article class={`panel cold-room ${room.kind || "within"}`} aria-labelledby={id}>
      <header>
        <h3 id={id}>
          {zoneName(room.zone)} {room.storage && <span class="note">{say("cold.kept", { storage: room.storage })}</span>}
        </h3>
        <b class={old ? "value note" : "value"}>{value}</b>
      </header>
      <p class="room-state">
        <RoomMark kind={room.kind} /> <strong>{word("room", room.kind || (old ? "unknown" : "within"))}</strong>
        {room.kind && <span class="note">{room.why && `${word("breach_why", room.why)} · `}{say("asset.since")} <Since at={room.since_ms} /> · {say("cold.peak", { value: degrees(room.peak_c) })} · {say("cold.outside", { time: lasted(room.outside_ms) })}</span>}
        {room.at_ms > 0 && (old || now.value - room.at_ms > OLD_MS) && <span class="note">{old ? say("climate.was", { time: asOf(room.at_ms, now.value) }) : <>{say("climate.now")}: <Since at={room.at_ms} /></>}</span>}
      </p>
      <Curves room={room} first={first.series} failed={first.failed} from={from} to={to} marks={[...marks, ...doors]} outer={outer} label={label} />
      <dl class="room-facts">
        <div>
          <dt>{say("cold.allowed")}</dt>
          <dd>{limits(room.low_c, room.high_c)}{outer.length > 0 && <span class="note"> {say("cold.outer", { limits: limits(room.outer_low_c, room.outer_high_c) })}</span>}</dd>
        </div>
        {range && (
          <div>
            <dt>{say("cold.range", { n: HOURS })}</dt>
            <dd>
              {number(range.low, 1)} · {number(range.mean, 1)} · {degrees(range.high)}
            </dd>
          </div>
        )}
        {room.doors.length > 0 && (
          <div>
            <dt>{say("cold.door")}</dt>
            <dd>{opened.length ? say("cold.door_open", { n: number(opened.length), from: minute(opened.at(-1)!.from), until: opened.at(-1)!.to < to ? minute(opened.at(-1)!.to) : say("cold.now") }) : say("cold.door_shut", { n: HOURS })}</dd>
          </div>
        )}
        {room.kinetic_c !== null && (
          <div class={room.kinetic_limit_c !== null && room.kinetic_c > room.kinetic_limit_c ? "over" : ""}>
            <dt>{say("cold.kinetic", { span: lasted(room.kinetic_hours * HOUR_MS) })}</dt>
            <dd>
              {degrees(room.kinetic_c)}
              {room.kinetic_limit_c !== null && <span class="note"> {say(room.kinetic_c > room.kinetic_limit_c ? "cold.above_limit" : "cold.of_limit", { limit: quantity(room.kinetic_limit_c, "Cel") })}</span>}
            </dd>
          </div>
        )}
        <div class={old ? "" : room.to_limit_min !== null ? "soon" : beyond(room) !== null ? "over" : ""}>
          <dt>{say("cold.to_limit")}</dt>
          <dd>{old ? word("room", "unknown") : toLimit(room)}</dd>
        </div>
        <div>
          <dt>{say("cold.lots")}</dt>
          <dd>
            {number(room.lots)}
            {room.undecided > 0 && <strong> · {say("cold.undecided", { n: number(room.undecided) })}</strong>}
          </dd>
        </div>
      </dl>
      {lately.length > 0 && (
        <ul class="marked" aria-label={say("cold.in_chart")}>
          {lately.map((one) => (
            <li key={one.id}>
              <a href={excursionHref(one.id)}>
                <RoomMark kind={one.kind} /> {word("room", one.kind)} {say("cold.from_until", { from: minute(one.began_ms), until: one.ended_ms ? minute(one.ended_ms) : say("cold.now") })}
              </a>
            </li>
          ))}
        </ul>
      )}
    </article>
  );
}

/** When a door stood open; nothing where the room has none. */
function useDoor(contact: string, from: number, to: number): { from: number; to: number }[] {
  const held = useSignal<Series>({ t: [], v: [] });
  useEffect(() => {
    if (!contact) return;
    let gone = false;
    const load = () => void history(contact, now.peek() - HOURS * HOUR_MS, now.peek(), DOOR_POINTS).then((series) => gone || (held.value = series), () => undefined); // the curve says that there is none
    load();
    const timer = setInterval(load, DOOR_AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [contact]);
  return stretches(held.value, to).filter((one) => one.to > from);
}

interface Drawn {
  room: RoomView;
  first: Series | null;
  failed: boolean;
  from: number;
  to: number;
  marks: Mark[];
  outer: number[];
  label: string;
}

function Curves({ room, first, failed, from, to, marks, outer, label }: Drawn) {
  if (!first?.t.length) return <p class="calm">{say(!room.series.length ? "cold.no_thermometer" : failed ? "climate.failed" : first ? "climate.no_history" : "loading.text")}</p>;
  const drawn = { series: first, from, to, marks, limits: outer, low: room.low_c, high: room.high_c, label };
  return room.series.length > 1 ? <Several keys={room.series.slice(1, DRAWN_MAX)} drawn={drawn} /> : <Trend {...drawn} />;
}

/** With the other thermometers of the room, as broken lines. */
function Several({ keys, drawn }: { keys: string[]; drawn: Parameters<typeof Trend>[0] }) {
  const [second, third] = [useHistory(keys[0]!, HOURS).value.series, useHistory(keys[1] ?? keys[0]!, HOURS).value.series];
  const others = [second, keys[1] ? third : null].filter((one): one is Series => one !== null && one.t.length > 0);
  return <Trend {...drawn} others={others} />;
}

/** How long until its limit, when it reaches it or reached it. */
function toLimit(room: RoomView): string {
  const past = beyond(room);
  if (room.to_limit_min !== null && room.limit_c !== null) {
    const ms = room.to_limit_min * 60_000;
    return say("cold.reaches", { limit: quantity(room.limit_c, "Cel"), time: lasted(ms), at: minute(now.value + ms) });
  }
  return past === null ? say("cold.not_in_sight") : say("cold.beyond", { limit: quantity(past, "Cel"), since: since(room.since_ms, now.value) });
}
