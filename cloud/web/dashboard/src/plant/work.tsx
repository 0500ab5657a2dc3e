// One maintenance order: what, where, when, by whom; its parts, what was noted and found, and how it came to be so.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { nameOf } from "../crew/names";
import { assetHref, skuHref } from "../route";
import { now, zoneName } from "../state";
import { LateMark } from "../trade/orders";
import { Since } from "../ui/panel";
import { ago, day, moment, number, say, word } from "../words/words";
import { assets } from "./live";
import { foreseen } from "./foreseen";
import { waitingFor } from "./sending";
import { about, assetName, windowed } from "./told";
import type { WorkView } from "../types";
import { History } from "./work_history";
import { WorkSteps } from "./work_steps";

export function Work({ work, meant, bare }: { work: WorkView; meant: boolean; bare?: boolean }) {
  const open = useSignal(meant);
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (!meant) return;
    open.value = true;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector("summary")?.focus({ preventScroll: true });
  }, [meant]);
  const { state } = foreseen(work, waitingFor(work.id));
  const title = say("work.order", { id: work.id });
  const name = assetName(assets.value.get(work.asset), work.asset);
  return (
    <li ref={row} class={`order-row work ${work.state} ${work.late ? "late" : ""}`}>
      <details open={open.value} onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary aria-label={`${title}, ${name}: ${about(work)}`}>
          <span class="what">
            <strong>{bare ? about(work) : `${name}: ${about(work)}`}</strong>
            <span class="note">
              {title} · {windowed(work)}
              {work.assigned_to && ` · ${nameOf(work.assigned_to)}`}
            </span>
          </span>
          <span class="tags">
            {work.late && (
              <span class="tag late">
                <LateMark /> {word("work_late", work.late)}
              </span>
            )}
            {work.parts.some((part) => part.short > 0) && <span class="tag late">{say("work.parts_short")}</span>}
            {state !== work.state && <span class="tag pending">{say("outbox.tag")}</span>}
            <span class="tag">{word("work_state", state)}</span>
          </span>
          <span class="unfold" aria-hidden="true" />
        </summary>
        {open.value && (
          <div class="inside">
            <p class="note">
              {!bare && <><a href={assetHref(work.asset)}>{name}</a> · </>}
              {zoneName(work.zone)} · {say(work.whole_zone ? "work.quiet_zone" : "work.quiet_asset")}
              {work.started_ms > 0 && ` · ${say("work.started", { when: moment(work.started_ms) })}`}
              {work.ended_ms > 0 && ` · ${say("work.ended", { when: moment(work.ended_ms) })}`}
            </p>
            {work.cause.rule && <p>{say("work.because")} {about({ ...work, title: "" })}{work.verdict && <b> · {word("verdict", work.verdict)}</b>}</p>}
            {work.late && <p class="advice">{say(work.late === "overrun" ? "work.overrun_since" : "work.not_started_since", { since: ago(work.until_ms, now.value) })}</p>}
            {work.parts.length > 0 && <Parts work={work} />}
            {work.outcome && (
              <dl class="outcome">
                <dt>{say("work.found")}</dt>
                <dd>{work.outcome.found}</dd>
                <dt>{say("work.did")}</dt>
                <dd>{work.outcome.did}</dd>
              </dl>
            )}
            {work.notes.length > 0 && (
              <ul class="notes">
                {work.notes.map((note) => (
                  <li key={`${note.at_ms} ${note.text}`}>
                    <q>{note.text}</q> <span class="note">{note.by}, <Since at={note.at_ms} /></span>
                  </li>
                ))}
              </ul>
            )}
            <History work={work} />
          </div>
        )}
      </details>
      <WorkSteps work={work} />
    </li>
  );
}

function Parts({ work }: { work: WorkView }) {
  const ended = work.state === "done" || work.state === "cancelled";
  return (
    <div class="scrolling" tabIndex={0} role="group" aria-label={say("work.parts")}>
      <table class="small">
        <thead>
          <tr>
            <th scope="col">{say("work.part")}</th>
            <th scope="col" class="n">{say("work.wanted")}</th>
            <th scope="col" class="n">{say("work.taken")}</th>
            {ended ? <th scope="col" class="n">{say("work.used")}</th> : <th scope="col">{say("work.there")}</th>}
          </tr>
        </thead>
        <tbody>
          {work.parts.map((part) => (
            <tr key={part.sku}>
              <th scope="row"><a href={skuHref(part.sku)}>{part.name}</a></th>
              <td class="n">{number(part.units)}</td>
              <td class="n">{number(part.taken)}</td>
              {ended ? (
                <td class="n">{number(part.used)}</td>
              ) : (
                <td>
                  {number(part.there)}
                  {part.short > 0 && <strong class="short"> · {say("work.short_of", { n: number(part.short) })}{part.expected_ms ? `, ${say("work.expected", { day: day(part.expected_ms) })}` : `, ${say("work.nobody_knows")}`}</strong>}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
