// Cold rooms: each as a strip of its last day, what left its limits and what became of the goods, and reports to take away.
import { part } from "../route";
import { now } from "../state";
import { useAsked } from "../trade/asked";
import { Panel } from "../ui/panel";
import { number, say } from "../words/words";
import * as api from "./api";
import { Excursions } from "./excursions";
import { Exposures } from "./exposures";
import { rooms } from "./live";
import { Quarantine } from "./quarantine";
import { Report } from "./report";
import { isOld, Room } from "./room";
import { DAY_MS } from "./told";
import type { RoomView } from "../types";
import type { ExcursionView } from "../types_care";

const AGAIN_MS = 15_000;
/** Excursions of so many days are listed; older ones are in reports. */
const PAST_DAYS = 60;
const RANK: Record<RoomView["kind"], number> = { breach: 0, excursion: 1, defrost: 2, "": 3 };

/** Rooms: the worst first, then those of which something waits for a decision, then those that reach a limit soon. */
export function byTrouble(a: RoomView, b: RoomView): number {
  const soon = (one: RoomView) => one.to_limit_min ?? Infinity;
  return RANK[a.kind] - RANK[b.kind] || Number(!a.undecided) - Number(!b.undecided) || soon(a) - soon(b) || a.id.localeCompare(b.id);
}

export function Cold() {
  const all = [...(rooms.value.values())].sort(byTrouble);
  const change = all.map((one) => `${one.kind}${one.excursion}${one.undecided}`).join();
  const [asked, again] = useAsked(`excursions ${change}`, () => api.excursions(now.value - PAST_DAYS * DAY_MS), AGAIN_MS);
  const { value, failed } = asked.value;
  const meant = Number(part.value) || 0;
  const out = all.filter((one) => one.kind === "excursion" || one.kind === "breach").length;
  const old = all.filter(isOld).length;
  return (
    <>
      <section class="cold-rooms" aria-labelledby="title-cold">
        <header class="page-head">
          <h2 id="title-cold">{say("cold.title")}</h2>
          {all.length > 0 && <span class="note">{say(out ? "cold.some_out" : old ? "cold.some_unknown" : "cold.all_within", { n: number(out || old), all: number(all.length) })}</span>}
        </header>
        {!all.length && <p class="calm">{say("cold.none")}</p>}
        <div class="room-strips">
          {all.map((one) => (
            <Room key={one.id} room={one} excursions={(value ?? []).filter((other) => ofRoom(other, one))} />
          ))}
        </div>
      </section>
      {value && meant > 0 && !value.some((one) => one.id === meant) && <p class="calm" role="status">{say("cold.no_such", { id: meant, n: number(PAST_DAYS) })}</p>}
      {value && <Quarantine excursions={value} />}
      {value ? (
        <Excursions excursions={value} meant={meant} changed={again} days={PAST_DAYS} />
      ) : (
        <Panel name="excursions" title={say("cold.excursions")}>
          <p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p>
        </Panel>
      )}
      <Exposures />
      {all.length > 0 && <Report rooms={all} />}
    </>
  );
}

export const ofRoom = (one: Pick<ExcursionView, "zone" | "storage">, room: RoomView): boolean => one.zone === room.zone && one.storage === room.storage;
