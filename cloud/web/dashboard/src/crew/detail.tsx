// One alert, open: what it means and what to do, its figures beside what is normal, its course, its life.
import { useRef } from "preact/hooks";
import { history } from "../api";
import type { Series } from "../core/series";
import { now, speaks, zoneName, zones } from "../state";
import { useAsked } from "../trade/asked";
import type { AlertView, ZoneView } from "../types";
import { HOUR_MS, useHistory } from "../ui/history";
import { Trend } from "../ui/trend";
import { titled } from "../ui/said";
import { exact, known, asOf, number, quantity, say, word } from "../words/words";
import { figures, figuresAt } from "./figures";
import { nameOf } from "./names";

const HOURS = 6;
const HOURS_MAX = 168;
const POINTS = 300;

export function Detail({ alert }: { alert: AlertView }) {
  const zone = zones.value.get(alert.zone);
  return (
    <div class="detail">
      <Meaning rule={alert.rule} />
      <div class="stacked">
        <Figures alert={alert} />
        <Life alert={alert} />
      </div>
      {zone?.series && COURSE.has(alert.rule) && (alert.state === "resolved" ? <CourseThen alert={alert} zone={zone} /> : <Course alert={alert} zone={zone} />)}
    </div>
  );
}

function Meaning({ rule }: { rule: string }) {
  if (!known("means", rule)) return null;
  return (
    <dl class="meaning-of">
      <div>
        <dt>{say("crew.means")}</dt>
        <dd>{word("means", rule)}</dd>
      </div>
      <div class="todo">
        <dt>{say("crew.do")}</dt>
        <dd>{word("do", rule)}</dd>
      </div>
    </dl>
  );
}

function Figures({ alert }: { alert: AlertView }) {
  const all = figures(alert);
  if (!all.length) return null;
  const usual = all.some((one) => one.normal);
  return (
    <div class="scrolling">
      <table class="small measured">
        <caption>
          {say("crew.figures", { time: alert.state === "resolved" ? exact(figuresAt(alert)) : asOf(figuresAt(alert), now.value) })}
        </caption>
        <thead>
          <tr>
            <th scope="col">{say("crew.figure")}</th>
            <th scope="col">{say("crew.value")}</th>
            {usual && <th scope="col">{say("crew.normal")}</th>}
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.label}</th>
              <td>{one.value}</td>
              {usual && <td>{one.normal || "–"}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const COURSE = new Set(["zone_temperature", "temperature_excursion", "temperature_breach", "temperature_ahead", "room_unwatched", "refrigeration_capacity", "refrigeration_fault", "door_open"]);

interface InZone {
  alert: AlertView;
  zone: ZoneView;
}

/** From an hour before it began. */
function Course({ alert, zone }: InZone) {
  const hours = useRef(Math.min(HOURS_MAX, Math.max(HOURS, Math.ceil((now.peek() - alert.since_ms) / HOUR_MS) + 1))).current;
  const { series } = useHistory(zone.series, hours, { at: zone.at_ms, value: zone.temperature_c }).value;
  if (!series?.t.length) return null;
  const to = Math.floor(now.value / 10_000) * 10_000 + 10_000;
  const value = zone.temperature_c === null ? "?" : quantity(zone.temperature_c, "Cel", 1);
  const about = `${say("crew.course", { n: hours })} · ${(speaks(zone.series) ? say("crew.course_now", { value }) : `${value}, ${say("climate.was", { time: asOf(zone.at_ms, now.peek()) })}`)}`;
  return <Drawn zone={zone} series={series} from={to - hours * HOUR_MS} to={to} about={about} />;
}

/** Of what is over: from an hour before it began to an hour after it ended. */
function CourseThen({ alert, zone }: InZone) {
  const [from, to] = [alert.since_ms - HOUR_MS, Math.min(now.peek(), alert.changed_ms + HOUR_MS)];
  const [asked] = useAsked(`course ${alert.id} ${from}`, () => history(zone.series, from, to, POINTS));
  const series = asked.value.value;
  if (!series?.t.length) return null;
  return <Drawn zone={zone} series={series} from={from} to={to} about={say("crew.course_then")} />;
}

function Drawn({ zone, series, from, to, about }: { zone: ZoneView; series: Series; from: number; to: number; about: string }) {
  const name = zone.name || zone.id;
  return (
    <figure class="course-of">
      <figcaption class="note">
        {name} · {about}
      </figcaption>
      <Trend series={series} from={from} to={to} low={zone.min_c} high={zone.max_c} unit="Cel" label={`${name}: ${about}`} />
    </figure>
  );
}

function Life({ alert }: { alert: AlertView }) {
  const rows: [string, string][] = [
    [say("crew.since"), exact(alert.since_ms)],
    ...(alert.zone ? [[say("crew.where"), zoneName(alert.zone)] as [string, string]] : []),
    ...(alert.acknowledged_ms ? [[say("crew.acknowledged_at"), `${alert.acknowledged_by}, ${exact(alert.acknowledged_ms)}`] as [string, string]] : []),
    ...(alert.reopened ? [[say("crew.returns"), number(alert.reopened)] as [string, string]] : []),
    ...(alert.state === "resolved" ? [[say("crew.ended"), exact(alert.changed_ms)] as [string, string]] : []),
    [say("crew.assignee"), alert.assigned_to ? nameOf(alert.assigned_to) : say("crew.nobody")],
  ];
  return (
    <dl class="facts life" aria-label={say("crew.about", { what: say("crew.facts"), title: titled(alert) })}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
