// The alerts page: tabs by what is to be done, each with an address, and above all who is on call.
import { part } from "../route";
import { alertsInOrder, book } from "../state";
import { type Asked, useAsked } from "../trade/asked";
import { number, say } from "../words/words";
import { onCall } from "./api";
import { History } from "./history";
import { List } from "./list";
import { learn } from "./names";
import { Notices } from "./notices";
import { placed } from "./places";
import { OnCall } from "./oncall";
import { Quality } from "./quality";
import { Nowhere } from "../ui/nowhere";
import { ABOUT, leads, read, STATES, type StateTab, type Tab, tabHref, tabOf } from "./tabs";
import type { CrewsView as Crew } from "../types_crew";

const AGAIN_MS = 60_000;

export function AlertsPage() {
  const { tab: asked, open } = read(part.value);
  const meant = open === null ? undefined : book.value?.alerts.get(open);
  const tab = asked ?? (meant ? placed(meant) : "need");
  const [crew, again] = useAsked("oncall", crewNow, AGAIN_MS);
  return (
    <>
      <div class="tabs" role="navigation" aria-label={say("crew.label")}>
        <div>{STATES.map((one) => <Link key={one} tab={one} here={tab} />)}</div>
        <div>{ABOUT.map((one) => <Link key={one} tab={one} here={tab} also={one === "oncall" ? whoNow(crew.value.value) : ""} />)}</div>
      </div>
      {!leads(part.value) ? <Nowhere /> : tab === "oncall" ? <OnCall asked={crew.value} again={again} /> : tab === "quality" ? <Quality /> : tab === "notices" ? <Notices /> : <ByState tab={tab} open={open} crew={crew.value} />}
    </>
  );
}

async function crewNow(): Promise<Crew> {
  const crew = await onCall();
  learn([...crew.people, ...crew.teams.flatMap((team) => team.now.map(({ person, name }) => ({ id: person, name })))]);
  return crew;
}

function ByState({ tab, open, crew }: { tab: StateTab; open: number | null; crew: Asked<Crew> }) {
  return (
    <>
      <Line crew={crew.value} />
      {tab === "history" ? <History open={open} /> : <List key={tab} tab={tab} open={open} />}
    </>
  );
}

/** Who is asked first, of each team. */
const whoNow = (crew: Crew | null) => (crew?.teams ?? []).map((team) => team.now[0]?.name ?? say("oncall.nobody")).join(say("crew.comma"));

/** `also`: a second line, where it is told nowhere else. */
function Link({ tab, here, also }: { tab: Tab; here: Tab; also?: string }) {
  // as the tile and the badge count: what has no data is not known to be wrong
  const n = tab === "need" || tab === "acknowledged" || tab === "shelved" ? alertsInOrder.value.filter((one) => tabOf(one) === tab && !(tab === "need" && one.nodata)).length : 0;
  return (
    <a href={tabHref(tab)} aria-current={tab === here ? "page" : undefined}>
      {say(`crew.tab.${tab}`)} {n > 0 && <b>{number(n)}</b>}
      {also && <small>{also}</small>}
    </a>
  );
}

/** Who is asked first, team by team, in one line. */
function Line({ crew }: { crew: Crew | null }) {
  if (!crew?.teams.length) return null;
  return (
    <a class={`on-call-line ${crew.trouble ? "troubled" : ""}`} href={tabHref("oncall")}>
      <span>{say("oncall.line")}</span>
      {crew.teams.map((team) => (
        <span key={team.id}>
          <b>{team.now[0]?.name ?? say("oncall.nobody")}</b> {crew.teams.length > 1 && <small>{team.name}</small>}
        </span>
      ))}
      {crew.trouble && <span class="trouble">{say("oncall.trouble", { why: crew.trouble })}</span>}
    </a>
  );
}
