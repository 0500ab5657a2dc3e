// Counting by hand: what to count today in the order of a short walk, one place a screen, what was counted here, and what
// differs. What the book says is not shown before a count stands, so that nobody counts what they expect.
import { useSignal } from "@preact/signals";
import { placesOf } from "../core/scanned";
import { Pending } from "../outbox/pending";
import { countHref, part, slotHref } from "../route";
import { may, skuName, slots } from "../state";
import { Panel, Since } from "../ui/panel";
import { figure, number, percent, say, word } from "../words/words";
import { CountSheet } from "./count_sheet";
import { Differing } from "./differences";
import { Found } from "./found";
import { asked, counts, failed, findingOf, isSettled, left, nameOf, reasonOf, useRound } from "./round";
import { Camera, useScans } from "./scan";
import type { CountTask } from "./types";

/** An address for what lies off the shelves too. */
const OFF = "~";
export const taskHref = ({ place, sku }: Pick<CountTask, "place" | "sku">): string => countHref(place || OFF + sku);

/** What an address means: a place of the round, or another slot that somebody wants counted. */
function meant(address: string, tasks: readonly CountTask[]): CountTask | null {
  const off = address.startsWith(OFF);
  const found = tasks.find((one) => (off ? !one.place && one.sku === address.slice(1) : one.place === address));
  const slot = slots.value.get(address);
  const sku = off ? address.slice(1) : slot?.sku;
  return found ?? (sku ? { place: slot?.id ?? "", sku, reasons: [], score: 0, last_ms: 0, skipped: null } : null);
}

export function Counting() {
  useRound();
  const tasks = asked.value?.round.today ?? [];
  const task = part.value && may("handle") ? meant(part.value, tasks) : null;
  if (task) return <CountSheet key={nameOf(task)} task={task} />;
  return <Round />;
}

function Round() {
  const unknown = useSignal("");
  const round = asked.value?.round;
  const rest = left.value;
  const scanned = (code: string) => {
    const every = [...rest, ...[...slots.value.values()].map(({ id, sku }) => ({ place: id, sku }))];
    const [found] = placesOf(code, every);
    unknown.value = found ? "" : code;
    if (found) location.hash = taskHref(found);
  };
  useScans(() => null, scanned);
  const sent = counts.value.filter((one) => one.state === "sent").length;
  const done = counts.value.length;
  const facts = round && [
    round.backlog_days !== null && say("counting.backlog", { days: figure(round.backlog_days) }),
    round.accuracy.records_agreed !== null && say("counting.accuracy", { share: percent(round.accuracy.records_agreed, 1), n: number(round.accuracy.counts) }),
  ].filter(Boolean).join(" · ");
  const stuck = counts.value.filter((one) => one.state === "refused");
  return (
    <>
      <Panel name="counting" title={say("counting.title")} aside={round && say("counting.left", { n: rest.length })} foot={facts && <span class="note">{facts}</span>}>
        {part.value && may("handle") && <p class="calm" role="alert">{say("counting.no_such_place", { place: part.value })}</p>}
        {!round && <p class="calm">{say(failed.value ? "later.failed" : "loading.text")}</p>}
        {round && failed.value && (
          <p class="note padded">
            {say("counting.as_of")} <Since at={asked.value!.at_ms} />
          </p>
        )}
        {round && rest.length === 0 && <p class="calm">{say("counting.none")}</p>}
        {rest.length > 0 && may("handle") && (
          <div class="count-begin">
            <progress max={rest.length + done} value={done} aria-label={say("counting.progress", { done: number(done), all: number(rest.length + done) })} />
            <a class="button main" href={taskHref(rest[0]!)}>
              {say(done ? "counting.go_on" : "counting.begin", { place: rest[0]!.place || say("counting.off_shelf") })}
            </a>
            <Camera scanned={scanned} />
          </div>
        )}
        {unknown.value && <p class="trouble padded" role="alert">{say("counting.unknown_code", { code: unknown.value })}</p>}
        <ol class="rows">
          {rest.map((one) => (
            <li key={nameOf(one)} class={reasonOf(one) ? "skipped" : ""}>
              <div class="what">
                <strong>{skuName(one.sku)}</strong>
                <span class="note">
                  {one.place ? <a href={slotHref(one.place)}>{one.place}</a> : say("counting.off_shelf")} · {one.reasons.map((code) => word("count_reason", code)).join(", ")} ·{" "}
                  {one.last_ms ? <>{say("counting.last")} <Since at={one.last_ms} /></> : say("counting.never")}
                  {reasonOf(one) && <b> · {say("counting.skipped", { reason: word("skip_reason", reasonOf(one)) })}</b>}
                </span>
              </div>
              {may("handle") && (
                <a class="button" href={taskHref(one)} aria-label={`${say("counting.count")}: ${skuName(one.sku)}, ${one.place}`}>
                  {say("counting.count")}
                </a>
              )}
            </li>
          ))}
        </ol>
      </Panel>
      {stuck.length > 0 && <Pending waiting={stuck} />}
      {done > 0 && (
        <Panel name="done" title={say("counting.done")} aside={number(done)}>
          <ul class="rows">
            {counts.value.map((one) => {
              const finding = findingOf(one);
              return (
                <li key={one.key}>
                  <div class="what">
                    <strong>{one.told.name}</strong>
                    <span class="note">
                      {one.told.place || say("counting.off_shelf")} · <Since at={one.at_ms} />
                    </span>
                    {isSettled(one) ? <span>{say("counting.settled", { units: number(Number(one.told.units)) })}</span> : finding ? <Found finding={finding} counted={Number(one.told.units)} /> : <span>{say(one.state === "refused" ? "counting.refused" : "counting.kept", { units: number(Number(one.told.units)) })}</span>}
                  </div>
                </li>
              );
            })}
          </ul>
        </Panel>
      )}
      {may("handle") && <Differing done={sent} />}
    </>
  );
}
