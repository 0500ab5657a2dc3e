// The alerts of one tab that are not over: worst first, by zones where there are many, what has no data calmly apart.
// What was done here stays where it was until the tab is left, so that no other alert comes under the thumb.
import { useSignal } from "@preact/signals";
import { query } from "../route";
import { alertsInOrder, alertsResolved, book, may, now, zoneName } from "../state";
import { useAsked } from "../trade/asked";
import type { AlertView } from "../types";
import { Acknowledge } from "../ui/acknowledge";
import { Acknowledged, Subject } from "../ui/alerts";
import { SeverityMark } from "../ui/marks";
import { Panel, Since, useKeptFocus } from "../ui/panel";
import { said, titled } from "../ui/said";
import { day, minute, number, say } from "../words/words";
import { TakeAll } from "./all";
import { past } from "./api";
import { Detail } from "./detail";
import { Doings, Unshelve } from "./doings";
import { Judge, SaidOf } from "./judge";
import { nameOf } from "./names";
import { isOpened, placed } from "./places";
import { alertHref, type Group, grouped, type StateTab, tabHref, tabOf } from "./tabs";

/** So many of a zone are shown before the rest is asked for. */
const SHOWN_MAX = 5;
const KEPT_MAX = 600;

interface Listed {
  tab: StateTab;
  open: number | null;
}

export function List({ tab, open }: Listed) {
  const list = useKeptFocus<HTMLUListElement>();
  const acted = useSignal<ReadonlySet<number>>(new Set());
  const whole = useSignal<ReadonlySet<string>>(new Set());
  const all = [...alertsInOrder.value, ...alertsResolved.value.filter(isOpened)].sort(byWeight).filter((one) => placed(one) === tab || acted.value.has(one.id));
  const dark = all.filter((one) => one.nodata && tab === "need");
  const rest = all.filter((one) => !dark.includes(one));
  const act = (id: number) => (acted.value = new Set([...[...acted.value].slice(1 - KEPT_MAX), id]));
  const unfold = (name: string) => {
    const after = new Set(whole.value);
    if (!after.delete(name)) after.add(name);
    whole.value = after;
  };
  // All rows are in one list, by their own keys: what is typed into one stays when zones come or go around it.
  const told = (groups: Group[], kind: string) =>
    groups.flatMap((group) => {
      const name = `${kind} ${group.zone}`;
      const folds = group.titled && group.alerts.length > SHOWN_MAX + 1;
      const shown = folds && !whole.value.has(name) ? group.alerts.filter((one, at) => at < SHOWN_MAX || one.id === open) : group.alerts;
      return [
        group.titled && <ZoneHead key={name} group={group} act={folds && tab === "need" && may("respond") ? act : null} />,
        ...shown.map((alert) => <Row key={alert.id} alert={alert} tab={tab} open={alert.id === open} acted={() => act(alert.id)} />),
        folds && (
          <li key={`more ${name}`} class="unfolds">
            <button type="button" aria-expanded={whole.value.has(name)} onClick={() => unfold(name)}>
              {whole.value.has(name) ? say("crew.fewer") : say("crew.more", { n: group.alerts.length - shown.length })}
            </button>
          </li>
        ),
      ];
    });
  return (
    <Panel name="alerts" title={say(`crew.tab.${tab}`)}>
      <Elsewhere tab={tab} open={open} here={all} />
      {all.length === 0 && <p class="calm">{say(`crew.none.${tab}`)}</p>}
      <ul ref={list} class="rows">
        {told(grouped(rest), "of")}
        {dark.length > 0 && (
          <li key="dark" class="zone-head dark-head">
            <h3>
              {say("crew.nodata")} <span class="note">{number(dark.length)}</span>
            </h3>
            <p class="note">{say("crew.nodata_why")}</p>
          </li>
        )}
        {told(grouped(dark), "dark")}
      </ul>
    </Panel>
  );
}

/** As byUrgency, whether taken on or not. */
const byWeight = (a: AlertView, b: AlertView) => a.severity - b.severity || b.since_ms - a.since_ms || b.id - a.id;

/** The alert that was asked for is not in this tab. */
export function Elsewhere({ tab, open, here }: Listed & { here: AlertView[] }) {
  if (open === null || here.some((one) => one.id === open)) return null;
  const found = book.value?.alerts.get(open);
  return found ? <Moved alert={found} tab={tab} /> : <LongAgo id={open} tab={tab} />;
}

/** The page does not have it any more, but the service does. */
function LongAgo({ id, tab }: { id: number; tab: StateTab }) {
  const [asked] = useAsked(`alert ${id}`, () => past(id));
  const { value, failed } = asked.value;
  if (!value) return <p class="calm" role="status">{failed ? say("crew.missing", { id: String(id) }) : say("loading.text")}</p>;
  if (tab !== "history") return <Moved alert={value} tab={tab} />;
  return (
    <ul class="rows">
      <Row alert={value} tab={tab} open acted={() => {}} />
    </ul>
  );
}

function Moved({ alert, tab }: { alert: AlertView; tab: StateTab }) {
  const there = tabOf(alert);
  if (there === tab) return null;
  return (
    <p class="calm" role="status">
      <a class="elsewhere" href={alertHref(there, alert.id)}>{say("crew.moved", { title: titled(alert), tab: say(`crew.tab.${there}`) })}</a>
    </p>
  );
}

/** The name of a zone above its alerts. `act`: all of them can be taken on at once. */
function ZoneHead({ group: { zone, alerts }, act }: { group: Group; act: ((id: number) => void) | null }) {
  const where = zone ? zoneName(zone) : say("crew.whole_site");
  return (
    <li class="zone-head">
      <h3>
        {where} <span class="note">{say("crew.worst", { n: alerts.length, severity: Math.min(...alerts.map((one) => one.severity)) })}</span>
      </h3>
      {act && <TakeAll alerts={alerts} where={where} acted={act} />}
    </li>
  );
}

export function Row({ alert, tab, open, acted }: { alert: AlertView; tab: StateTab; open: boolean; acted: () => void }) {
  const { state, id } = alert;
  const judged = open || state === "acknowledged";
  const asked = tab === "history" && query.value.toString(); // what is looked for there stays
  const href = `${open ? tabHref(tab) : alertHref(tab, id)}${asked ? `?${asked}` : ""}`;
  return (
    <li class={`${state}${open ? " open" : ""}${alert.nodata ? " nodata" : ""}`}>
      {alert.nodata ? <NoData /> : <SeverityMark severity={alert.severity} />}
      <div class="what">
        <span>
          <a class="title" href={href} aria-expanded={open}>
            <strong>{titled(alert)}</strong>
          </a>{" "}
          <span class="note"><Since at={alert.since_ms} /></span>
        </span>
        <span class="note">
          <Subject alert={alert} /> {said(alert).map((one) => `· ${one} `)}
        </span>
        <Tags alert={alert} />
        <Acknowledged alert={alert} />
        {state === "shelved" && (
          <span class="note">
            {say("crew.shelved_by", { user: alert.acknowledged_by })} · <Since at={alert.changed_ms} />
            {alert.note && <q>{alert.note}</q>}
          </span>
        )}
        {state === "resolved" && <span class="note">{say("alerts.over")} · <Since at={alert.changed_ms} /></span>}
      </div>
      <a class="unfolder" href={href} tabIndex={-1} aria-hidden="true"><i class="unfold" /></a>
      {!open && may("respond") && state === "firing" && <Acknowledge alert={alert} noted began={acted} />}
      {!open && may("respond") && state === "shelved" && <div class="acts"><Unshelve alert={alert} acted={acted} /></div>}
      {open && <Detail alert={alert} />}
      {judged && <Judge alert={alert} began={acted} />}
      {open && <SaidOf alert={alert} />}
      {open && <Doings alert={alert} acted={acted} />}
    </li>
  );
}

/** Who has it, how often it came back, until when it is out of the way. */
function Tags({ alert }: { alert: AlertView }) {
  const { reopened, assigned_to, state, shelved_until_ms: until } = alert;
  const shelved = state === "shelved" && until > 0;
  if (!reopened && !assigned_to && !shelved) return null;
  const near = until - now.value < 86_400_000;
  return (
    <span class="tags">
      {shelved && (
        <span class="tag">{until > now.value ? say("crew.shelved_until", { time: near ? minute(until) : `${day(until)} ${minute(until)}` }) : say("crew.shelf_over")}</span>
      )}
      {assigned_to && <span class="tag">{say("crew.assigned", { name: nameOf(assigned_to) })}</span>}
      {reopened > 0 && <span class="tag">{say("crew.reopened", { n: number(reopened) })}</span>}
    </span>
  );
}

/** Nothing is heard: hollow, dotted and slashed, and without a colour. */
const NoData = () => (
  <svg class="severity no-data" viewBox="0 0 24 24" role="img" aria-label={say("crew.nodata")}>
    <circle cx="12" cy="12" r="10" />
    <path d="M6 18 18 6" />
  </svg>
);
