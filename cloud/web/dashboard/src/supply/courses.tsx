// Both charts of an article under one another, with what they say under the cursor, and the same as a table.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { at, DAY_MS, demandOf, reach, stockOf } from "../core/course";
import type { SkuCourse } from "../types_supply";
import { day, figure, minute, moment, number, say } from "../words/words";
import { CourseChart, type Signs } from "./chart";

interface Courses {
  course: SkuCourse;
  days: number;
  /** Units that would be ordered now: their effect is drawn too. */
  ordered?: number;
  /** The stock alone. */
  brief?: boolean;
}

export function Courses({ course, days, ordered = 0, brief }: Courses) {
  const cursor = useSignal<number | null>(null);
  const stock = useMemo(() => stockOf(course, ordered), [course, ordered]);
  const demand = useMemo(() => demandOf(course), [course]);
  const { from, to } = reach(course, days);
  return (
    <div class="courses">
      <h3>{say("course.stock")}</h3>
      <CourseChart drawn={stock} from={from} to={to} signs={signsOf(course)} label={stockSaid(course)} cursor={cursor} />
      {!brief && (
        <>
          <h3>{say("course.demand")}</h3>
          <CourseChart drawn={demand} from={from} to={to} signs={{ now: course.at_ms }} bars label={demandSaid(course)} cursor={cursor} />
        </>
      )}
      <Reading seconds={cursor.value} stock={stock} demand={brief ? null : demand} />
      <Legend ordered={ordered} forecast={course.ahead !== null} />
      {!brief && <Table course={course} />}
    </div>
  );
}

function signsOf(course: SkuCourse): Signs {
  const { ahead, at_ms: now, lead_time_days: lead, reorder_point, order_up_to, coming } = course;
  const levels = [
    ...(reorder_point === null ? [] : [{ value: reorder_point, words: say("course.reorder_point", { n: number(reorder_point) }) }]),
    ...(order_up_to === null ? [] : [{ value: order_up_to, words: say("course.order_up_to", { n: number(order_up_to) }) }]),
  ];
  const out = ahead?.out.likely_ms ? ahead.out : null;
  return {
    now,
    levels,
    arrivals: coming.filter((one) => one.due_ms > now).map((one) => one.due_ms),
    ...(lead !== null && { lead: { to: now + lead * DAY_MS, words: say("course.lead") } }),
    ...(out && { out: { at: out.likely_ms, from: out.early_ms || out.likely_ms, to: out.late_ms || out.likely_ms + 400 * DAY_MS, words: say("course.out", { day: day(out.likely_ms) }) } }),
  };
}

/** When it is out, in words. */
export function outSaid({ ahead, at_ms }: SkuCourse): string {
  if (!ahead) return say("course.no_forecast");
  const { early_ms, likely_ms, late_ms } = ahead.out;
  if (!likely_ms) {
    const last = day(ahead.times.at(-1)!);
    return early_ms ? say("course.out_maybe", { early: day(early_ms), last }) : say("course.out_never", { last });
  }
  if (likely_ms <= at_ms) return say("course.out_now");
  const early = early_ms || likely_ms;
  if (late_ms && day(early) === day(late_ms)) return say("course.out_that_day", { likely: moment(likely_ms), early: minute(early), late: minute(late_ms) });
  return say(late_ms ? "course.out_between" : "course.out_from", { likely: moment(likely_ms), early: day(early), late: day(late_ms) });
}

function stockSaid(course: SkuCourse): string {
  const last = course.stock.findLast((one) => one !== null);
  return say("course.stock_said", { units: last === undefined || last === null ? "?" : number(last), out: outSaid(course) });
}

function demandSaid({ demand, ahead }: SkuCourse): string {
  const known = demand.filter((one) => one !== null);
  const mean = known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : null;
  return say("course.demand_said", { mean: mean === null ? "?" : figure(mean), days: number(known.length), expected: ahead ? figure(ahead.demand[0] ?? 0) : "?" });
}

function Reading({ seconds, stock, demand }: { seconds: number | null; stock: ReturnType<typeof stockOf>; demand: ReturnType<typeof demandOf> | null }) {
  if (seconds === null) return <p class="note reading">{say("course.point_at")}</p>;
  const units = (found: ReturnType<typeof at>) =>
    !found ? "–" : found.expected !== null ? say("course.expected", { n: figure(found.expected), low: figure(found.low80 ?? 0), high: figure(found.high80 ?? 0) }) : found.measured === null ? say("course.gap") : figure(found.measured);
  return (
    <p class="reading">
      <b>{moment(seconds * 1000)}</b>
      <span>{say("course.stock_at", { units: units(at(stock, seconds)) })}</span>
      {demand && <span>{say("course.demand_at", { units: units(at(demand, seconds)) })}</span>}
    </p>
  );
}

function Legend({ ordered, forecast }: { ordered: number; forecast: boolean }) {
  const keys: [string, string][] = [["measured", say("course.measured")]];
  if (forecast) keys.push(["expected", say("course.foretold")], ["band80", say("course.band80")], ["band95", say("course.band95")]);
  if (ordered) keys.push(["ordered", say("course.with_order", { n: number(ordered) })]);
  return (
    <ul class="legend">
      {keys.map(([name, words]) => (
        <li key={name}>
          <svg class={`course-key ${name}`} viewBox="0 0 24 12" aria-hidden="true">
            {name.startsWith("band") ? <rect x="0" y="1" width="24" height="10" rx="2" /> : <path d="M0 6h24" />}
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}

/** Days that are shown at most, the latest measured and the next foretold. */
const ROWS = 60;

function Table({ course }: { course: SkuCourse }) {
  const open = useSignal(false);
  const past = course.days.map((at_ms, i) => ({ at_ms, units: course.demand[i] ?? null })).slice(-ROWS);
  const today = (course.days.at(-1) ?? 0) + DAY_MS;
  return (
    <details class="as-table" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>{say("course.as_table")}</summary>
      {open.value && (
        <div class="scrolling" tabIndex={0} role="group" aria-label={say("course.as_table")}>
          <table class="small">
            <thead>
              <tr>
                <th scope="col">{say("course.day")}</th>
                <th scope="col" class="n">{say("course.taken")}</th>
                <th scope="col" class="n">{say("course.foretold_units")}</th>
                <th scope="col" class="n">{say("course.band80")}</th>
                <th scope="col" class="n">{say("course.left")}</th>
              </tr>
            </thead>
            <tbody>
              {past.map(({ at_ms, units }) => (
                <tr key={at_ms}>
                  <th scope="row">{day(at_ms)}</th>
                  <td class="n">{units === null ? say("course.dry") : number(units)}</td>
                  <td class="n">–</td>
                  <td class="n">–</td>
                  <td class="n">{endOf(course, at_ms + DAY_MS)}</td>
                </tr>
              ))}
              {course.ahead?.demand.slice(0, ROWS).map((units, i) => (
                <tr key={i} class="foretold">
                  <th scope="row">{day(today + i * DAY_MS)}</th>
                  <td class="n">–</td>
                  <td class="n">{figure(units)}</td>
                  <td class="n">{`${figure(course.ahead!.demand_low80[i]!)} – ${figure(course.ahead!.demand_high80[i]!)}`}</td>
                  <td class="n">{i + 1 < course.ahead!.there.length ? figure(Math.max(0, course.ahead!.there[i + 1]!)) : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** On hand at the end of a day. */
function endOf(course: SkuCourse, ms: number): string {
  let found: number | null | undefined;
  for (let i = 0; i < course.times.length && course.times[i]! <= ms; i++) found = course.stock[i];
  return found === undefined ? "–" : found === null ? say("course.gap") : number(found);
}
