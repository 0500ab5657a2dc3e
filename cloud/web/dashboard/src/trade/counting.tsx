// Counting by hand: what to count today and why, a count with large keys, and what was found. What the book says is not
// shown before the count stands, so that nobody counts what they expect.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Panel, Since } from "../ui/panel";
import { hrefOf, part, slotHref } from "../route";
import { link, may, skuName, slots } from "../state";
import { figure, number, percent, say, word } from "../words/words";
import { round } from "./api";
import { useAsked } from "./asked";
import { CountSheet } from "./count_sheet";
import { Found } from "./found";
import type { CountTask, Finding } from "./types";

const AGAIN_MS = 60_000;
const nameOf = (task: CountTask) => `${task.place} ${task.sku}`;
interface Done {
  task: CountTask;
  counted: number;
  finding: Finding;
}

export function Counting() {
  const [asked, again] = useAsked("counts", round, AGAIN_MS);
  const chosen = useSignal<CountTask | null>(null);
  useEffect(() => {
    const slot = slots.value.get(part.value);
    if (slot && may("handle")) chosen.value = { place: slot.id, sku: slot.sku, reasons: [], score: 0, last_ms: 0 };
  }, [part.value]);
  const done = useSignal<Done[]>([]);
  const { value, failed } = asked.value;
  const over = new Set(done.value.filter((one) => one.finding.verdict !== "recount").map((one) => nameOf(one.task)));
  const left = (value?.today ?? []).filter((task) => !over.has(nameOf(task)));
  if (chosen.value) {
    const task = chosen.value;
    const next = left.find((one) => nameOf(one) !== nameOf(task)) ?? null;
    return (
      <CountSheet
        key={nameOf(task)}
        task={task}
        next={next}
        found={(counted, finding) => {
          done.value = [{ task, counted, finding }, ...done.value.filter((one) => nameOf(one.task) !== nameOf(task))];
          again();
        }}
        go={(to) => {
          if (part.value) history.replaceState(null, "", hrefOf("counting"));
          part.value = "";
          chosen.value = to;
        }}
      />
    );
  }
  const facts = value && [
    value.backlog_days !== null && say("counting.backlog", { days: figure(value.backlog_days) }),
    value.accuracy.records_agreed !== null && say("counting.accuracy", { share: percent(value.accuracy.records_agreed, 1), n: number(value.accuracy.counts) }),
  ].filter(Boolean).join(" · ");
  return (
    <>
      <Panel name="counting" title={say("counting.title")} aside={value && say("counting.left", { n: left.length })} foot={facts && <span class="note">{facts}</span>}>
        {!value && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
        {value && left.length === 0 && <p class="calm">{say("counting.none")}</p>}
        <ul class="rows">
          {left.map((task) => (
            <li key={nameOf(task)}>
              <div class="what">
                <strong>{skuName(task.sku)}</strong>
                <span class="note">
                  {task.place ? <a href={slotHref(task.place)}>{task.place}</a> : say("counting.off_shelf")} · {task.reasons.map((code) => word("count_reason", code)).join(", ")} ·{" "}
                  {task.last_ms ? <>{say("counting.last")} <Since at={task.last_ms} /></> : say("counting.never")}
                </span>
              </div>
              {may("handle") && (
                <button type="button" class="main" disabled={link.value === "connecting"} aria-label={`${say("counting.count")}: ${skuName(task.sku)}, ${task.place}`} onClick={() => (chosen.value = task)}>
                  {say("counting.count")}
                </button>
              )}
            </li>
          ))}
        </ul>
      </Panel>
      {done.value.length > 0 && (
        <Panel name="done" title={say("counting.done")} aside={number(done.value.length)}>
          <ul class="rows">
            {done.value.map(({ task, counted, finding }) => (
              <li key={nameOf(task)}>
                <div class="what">
                  <strong>{skuName(task.sku)}</strong>
                  <span class="note">{task.place}</span>
                  <Found finding={finding} counted={counted} />
                </div>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </>
  );
}
