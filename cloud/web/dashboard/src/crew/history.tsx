// What is over, the latest end first, day by day: the latest as the page has them, older ones on demand, and those that
// are looked for by what they were, about what, how bad and when.
import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { byEnd } from "../core/order";
import { dayOf } from "../core/forms";
import { asking, query } from "../route";
import { alertsResolved, devices, now, zones } from "../state";
import type { AlertView } from "../types";
import { Csv, Panel } from "../ui/panel";
import { atMost, codes, day, say, timezone, word } from "../words/words";
import { ended } from "./api";
import { Elsewhere, Row } from "./list";

const AT_ONCE = 50;
const OLDER_MAX = 1000;
const REST_MS = 300;
/** Characters of a name, at most. */
const ABOUT_MAX = 100;
const DAY_MS = 86_400_000;
const DAYS = [1, 7, 30, 90];

/** What is looked for, as it stands in the address; "" limits nothing. */
interface Sought {
  rule: string;
  about: string;
  severity: string;
  days: string;
}

const LIMITS = ["rule", "about", "severity", "days"] as const;
const soughtIn = (asked: URLSearchParams): Sought => Object.fromEntries(LIMITS.map((name) => [name, asked.get(name) ?? ""])) as unknown as Sought;

interface Older {
  /** Of which search this is. */
  key: string;
  alerts: AlertView[];
  /** The mark to go on from; "" for the first page, null: there is nothing older. */
  next: string | null;
}

export function History({ open }: { open: number | null }) {
  const sought = soughtIn(query.value);
  const older = useSignal<Older>({ key: "", alerts: [], next: "" });
  const busy = useSignal(false);
  /** The search that failed. */
  const failed = useSignal("");
  const key = JSON.stringify(sought);
  const looking = LIMITS.some((name) => sought[name]);
  const mine = older.value.key === key ? older.value : { key, alerts: [], next: "" };
  const more = async () => {
    if (busy.value || mine.next === null) return;
    busy.value = true;
    failed.value = "";
    try {
      const { days, ...by } = sought;
      const page = await ended({ ...by, ...(days && { from: String(now.peek() - Number(days) * DAY_MS) }), after: mine.next, limit: String(AT_ONCE) });
      const alerts = [...mine.alerts, ...page.items];
      older.value = { key, alerts, next: alerts.length > OLDER_MAX ? null : page.next };
    } catch {
      failed.value = key;
    }
    busy.value = false;
  };
  const first = looking && mine.next === "" && failed.value !== key;
  useEffect(() => {
    if (!first) return;
    const timer = setTimeout(() => void more(), REST_MS);
    return () => clearTimeout(timer);
  }, [key, busy.value]);
  const all = [...new Map([...(looking ? [] : alertsResolved.value), ...mine.alerts].map((one) => [one.id, one])).values()].sort(byEnd);
  const ends = all.map((one) => dayOf(one.changed_ms, timezone.value));
  return (
    <Panel
      name="alerts done"
      title={say("crew.tab.history")}
      foot={
        <div class="acts padded">
          {mine.next !== null && (all.length > 0 || looking) && (
            <>
              <button type="button" aria-disabled={busy.value} onClick={() => void more()}>{say(busy.value || first ? "loading.text" : "notices.older")}</button>
              <span class="trouble" role="status">{failed.value === key && say("later.failed")}</span>
            </>
          )}
          <Csv table="alerts" />
        </div>
      }
    >
      <Search sought={sought} change={(part) => asking({ ...sought, ...part })} clear={looking ? () => asking({}) : null} />
      <Elsewhere tab="history" open={open} here={all} />
      {all.length === 0 && !first && failed.value !== key && <p class="calm">{say(looking ? "past.none" : "crew.none.history")}</p>}
      <ul class="rows">
        {all.flatMap((alert, at) => [
          ends[at] !== ends[at - 1] && (
            <li key={ends[at]} class="zone-head">
              <h3>{day(alert.changed_ms)}</h3>
            </li>
          ),
          <Row key={alert.id} alert={alert} tab="history" open={alert.id === open} acted={() => {}} />,
        ])}
      </ul>
    </Panel>
  );
}

interface Searched {
  sought: Sought;
  change: (part: Partial<Sought>) => void;
  /** null: nothing is looked for. */
  clear: (() => void) | null;
}

function Search({ sought, change, clear }: Searched) {
  const id = useId();
  const named = [...zones.value.values(), ...devices.value.values()].map((one): [string, string] => [one.id, one.name || one.id]);
  const rules = codes("means").map((one): [string, string] => [one, word("alert", one)]).sort((a, b) => a[1].localeCompare(b[1]));
  const choice = (name: "rule" | "severity" | "days", all: [string, string][]) => (
    <select aria-label={say(`past.${name}`)} value={sought[name]} onInput={(event) => change({ [name]: event.currentTarget.value })}>
      <option value="">{say(`past.any_${name}`)}</option>
      {all.map(([value, text]) => (
        <option key={value} value={value}>{text}</option>
      ))}
    </select>
  );
  /** A name that is chosen is looked for by its id. */
  const about = (text: string) => named.find(([, name]) => name === text)?.[0] ?? text;
  return (
    <search class="past-search">
      <input type="search" list={id} maxLength={ABOUT_MAX} aria-label={say("past.about")} placeholder={say("past.about")} value={named.find(([one]) => one === sought.about)?.[1] ?? sought.about} onInput={(event) => change({ about: about(event.currentTarget.value) })} />
      <datalist id={id}>
        {named.map(([one, name]) => (
          <option key={one} value={name} />
        ))}
      </datalist>
      {choice("rule", rules)}
      {choice("severity", ["1", "2", "3"].map((one) => [one, say("past.of_severity", { severity: one })]))}
      {choice("days", DAYS.map((n) => [String(n), say("past.of_days", { time: atMost(n * DAY_MS) })]))}
      {clear && (
        <button type="button" onClick={clear}>
          {say("past.clear")}
        </button>
      )}
    </search>
  );
}
