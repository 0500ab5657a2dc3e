// All maintenance orders by state, with the windows of the next two weeks as a strip above them.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { dayOf, msOf } from "../core/forms";
import { workHref } from "../route";
import { may, now } from "../state";
import { useAsked } from "../trade/asked";
import { LateMark } from "../trade/orders";
import { Panel, useKeptFocus } from "../ui/panel";
import { day, moment, number, say, timezone, word } from "../words/words";
import * as api from "./api";
import { assets, works } from "./live";
import { Tabs } from "./marks";
import { NewWork } from "./new_work";
import { Pending } from "../outbox/pending";
import { people } from "./people";
import { usePlaces } from "./places";
import { waitingFor } from "./sending";
import { about, assetName, byTurn, DAY_MS, isOpen, strip, windowed } from "./told";
import type { WorkView } from "../types";
import { Work } from "./work";

const GROUPS: { name: "proposed" | "in_work" | "planned" | "ended"; states: WorkView["state"][] }[] = [
  { name: "proposed", states: ["draft"] },
  { name: "in_work", states: ["in_work"] },
  { name: "planned", states: ["planned"] },
  { name: "ended", states: ["done", "cancelled"] },
];
const STRIP_DAYS = 14;

/** `meant`: the one that is unfolded, 0 for none. `fresh`: a new one is being opened, for this asset or for "" (not said). */
export function Orders({ meant, fresh }: { meant: number; fresh: string | null }) {
  const opening = useSignal(fresh !== null && may("maintain"));
  const opener = useRef<HTMLButtonElement>(null);
  const all = [...(works.value.values())];
  const open = all.filter(isOpen);
  const list = useRef<HTMLDivElement>(null);
  const places = usePlaces(list, new Map(GROUPS.map(({ name, states }) => [name, all.filter((one) => states.includes(one.state)).sort(name === "ended" ? (a, b) => b.ended_ms - a.ended_ms : byTurn).map((one) => one.id)])));
  const leave = () => {
    opening.value = false;
    opener.current?.focus();
  };
  const begin = may("maintain") && (
    <button ref={opener} type="button" aria-expanded={opening.value} onClick={() => (opening.value ? leave() : (opening.value = true))}>
      {say("work.open")}
    </button>
  );
  return (
    <>
      <Tabs here="orders" count={open.length} />
      {meant > 0 && works.value.size > 0 && !works.value.has(meant) && <Ended number={meant} />}
      <Panel name="calendar" title={say("work.calendar")} aside={begin}>
        {opening.value && <NewWork asset={assets.value.get(fresh ?? "") ?? null} leave={leave} />}
        <Pending waiting={waitingFor(0)} />
        <Calendar works={open} />
      </Panel>
      <div ref={list} class="groups">
        {GROUPS.map(({ name }) => {
          const found = places.get(name)!.flatMap((id) => works.value.get(id) ?? []);
          if (!found.length && name !== "planned") return null;
          return (
            <Panel key={name} name={`works-${name.replace("_", "-")}`} title={word("works", name)} aside={found.length > 0 && number(found.length)}>
              <Works works={found} meant={meant} calm={say("work.none_planned")} />
            </Panel>
          );
        })}
      </div>
    </>
  );
}

/** One that is not among those the page has: it ended long ago, or there is none. */
function Ended({ number: id }: { number: number }) {
  const [asked] = useAsked(`work ${id}`, () => api.work(id).catch(api.gone));
  const { value, failed } = asked.value;
  const order = value?.versions.at(-1)?.order;
  return (
    <Panel name="work-ended" title={say("work.order", { id })}>
      <p class="calm" role="status">{order ? say("work.long_ago", { what: `${assetName(assets.value.get(order.asset), order.asset)}: ${about(order)}`, when: moment(order.ended_ms || order.changed_ms) }) : say(failed ? "later.failed" : value === undefined ? "work.no_such" : "loading.text", { id })}</p>
    </Panel>
  );
}

/** `bare`: they stand below their asset, which is not named again. */
export function Works({ works: shown, meant, bare, calm }: { works: WorkView[]; meant: number; bare?: boolean; calm: string }) {
  const list = useKeptFocus<HTMLUListElement>();
  people(); // whose names they bear
  if (!shown.length) return <p class="calm">{calm}</p>;
  return (
    <ul ref={list} class="rows">
      {shown.map((one) => (
        <Work key={one.id} work={one} meant={meant === one.id} bare={bare} />
      ))}
    </ul>
  );
}

/** The days in columns; each order that has a window then is a row with a bar. */
function Calendar({ works: open }: { works: WorkView[] }) {
  const from = msOf(`${dayOf(now.value, timezone.value)}T00:00`, timezone.value);
  const shown = strip(open, from, STRIP_DAYS);
  const days = Array.from({ length: STRIP_DAYS }, (_, n) => from + n * DAY_MS + DAY_MS / 2);
  const without = open.filter((one) => !one.until_ms).length;
  return (
    <div class="fortnight">
      <div class="days" aria-hidden="true">
        {days.map((ms) => {
          const [weekday, date] = parts(ms);
          return (
            <span key={ms} class={weekend(ms) ? "weekend" : ""}>
              <small>{weekday}</small> {date}
            </span>
          );
        })}
      </div>
      <ul>
        {shown.map(({ work, left, width, earlier, later }) => (
          <li key={work.id}>
            <a href={workHref(work.id)} class={`${work.state} ${work.late ? "late" : ""}`} aria-label={say("work.in_calendar", { id: work.id, name: nameOf(work), what: about(work), window: windowed(work) })}>
              <i style={{ left: `${100 * left}%`, width: `${Math.max(0.6, 100 * width)}%` }} class={`${earlier ? "earlier" : ""} ${later ? "later" : ""}`} />
              <span style={left + width > 0.55 ? { right: `${100 * (1 - left)}%` } : { left: `${100 * (left + width)}%` }}>
                {work.late && <LateMark />} {nameOf(work)}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {!shown.length && <p class="calm">{say("work.none_in_strip", { n: STRIP_DAYS })}</p>}
      {without > 0 && <p class="note below">{say("work.without_window", { n: number(without) })}</p>}
    </div>
  );
}

const nameOf = (work: WorkView): string => assetName(assets.value.get(work.asset), work.asset);
const weekend = (ms: number): boolean => [0, 6].includes(new Date(`${dayOf(ms, timezone.value)}T12:00Z`).getUTCDay());

/** "Tue 24 Nov" as its weekday and the day of the month. */
function parts(ms: number): [string, string] {
  const date = String(Number(dayOf(ms, timezone.value).slice(8)));
  const weekday = day(ms).replace(/[\d\s,]+.*$/, "").slice(0, 3);
  return [weekday || day(ms).slice(-2), date];
}
