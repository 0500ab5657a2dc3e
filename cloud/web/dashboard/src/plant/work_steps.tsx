// What may be done with a maintenance order now. What could not be sent waits in this browser, and is shown as waiting.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Refused } from "../api";
import { may as has, now, session } from "../state";
import { Act, Form, type Values } from "../trade/form";
import { say, timezone, word } from "../words/words";
import * as api from "./api";
import { works } from "./live";
import { Pending } from "../outbox/pending";
import { foreseen } from "./foreseen";
import { send, VERDICT, waitingFor } from "./sending";
import { type Parts, PartsPicker } from "./parts_picker";
import { people } from "./people";
import type { WorkView } from "../types";
import { Meanwhile } from "./work_history";
import { FORMS, planBody, stepBody, stepFields, windowTrouble, type WorkForm } from "./work_forms";

/** What usually comes next: its button comes first. */
const NEXT: Record<string, WorkForm> = { draft: "change", planned: "start", in_work: "finish" };

export function WorkSteps({ work }: { work: WorkView }) {
  const asking = useSignal<WorkForm | null>(null);
  const parts = useSignal<Parts>(new Map());
  /** The version that whoever fills in the form has seen. */
  const looked = useSignal(0);
  const home = useRef<HTMLDivElement>(null);
  const waiting = waitingFor(work.id);
  const { state, may } = foreseen(work, waiting);
  const next = NEXT[state];
  const all = has("maintain") ? FORMS.filter((one) => may.includes(one) && (one !== "take" || work.parts.some((part) => part.taken < part.units))) : [];
  const can = [...all].sort((a, b) => Number(b === next) - Number(a === next));
  const judged = has("maintain") && work.cause.rule !== "" && !work.verdict && !waiting.length;
  const wanted = asking.value; // its form stays with what was typed, also where others made that it can not be done any more
  if (!wanted && !can.length && !waiting.length && !judged) return null;
  const title = say("work.order", { id: work.id });
  const labelled = (one: WorkForm) => (one === "change" && state === "draft" ? say("work.plan_it") : word("work_step", one));
  const enter = (one: WorkForm) => {
    parts.value = new Map(work.parts.map((part) => [part.sku, String(part.units)]));
    looked.value = work.version;
    asking.value = one;
  };
  const leave = () => {
    const was = asking.value;
    asking.value = null;
    queueMicrotask(() => (home.current?.querySelector<HTMLElement>(`[data-step="${was}"]`) ?? home.current?.querySelector<HTMLElement>("button"))?.focus());
  };
  const step = async (one: WorkForm, values: Values, key: string) => {
    if (one === "change") {
      const trouble = windowTrouble(values, now.value, timezone.value, work);
      if (trouble) throw new Refused(400, { reason: trouble, detail: word("window_trouble", trouble), hint: "", field: "until" });
    }
    const body = one === "change" ? planBody(values, timezone.value, parts.value) : stepBody(one, values, timezone.value);
    try {
      await send(api.workStep(work.id, one), one, work, { ...body, version: asking.value ? looked.value : work.version }, key);
    } catch (error) {
      // whoever was told that it was changed, and goes on, means it as it is by now
      if (error instanceof Refused && error.said.reason === "changed") looked.value = works.value.get(work.id)?.version ?? looked.value;
      throw error;
    }
  };
  const judge = async (said: "right" | "wrong" | "not_now", key: string) => {
    await send(api.workStep(work.id, VERDICT), VERDICT, work, { said, at_ms: now.value, key }, key);
  };
  return (
    <div class="steps" ref={home}>
      <Pending waiting={waiting} />
      <div class="acts">
        {can.map((one) =>
          one === "start" && work.until_ms > 0 ? (
            <Act key={one} main={one === next} label={labelled(one)} described={`${labelled(one)}: ${title}`} act={(key) => step("start", {}, key)} />
          ) : (
            <button
              key={one}
              type="button"
              data-step={one}
              class={one === next ? "main" : one === "cancel" ? "shy" : ""}
              aria-expanded={wanted === one}
              aria-label={`${labelled(one)}: ${title}`}
              onClick={() => (wanted === one ? leave() : enter(one))}
            >
              {labelled(one)}
            </button>
          ),
        )}
      </div>
      {wanted && (
        <Form
          key={wanted}
          label={`${labelled(wanted)}: ${title}`}
          fields={stepFields(wanted, work, now.value, timezone.value, people())}
          submit={wanted === "change" ? say("work.keep") : labelled(wanted)}
          besides={wanted === "change" ? { parts: JSON.stringify([...parts.value]) } : undefined}
          send={(values, key) => step(wanted, values, key)}
          done={leave}
          close={leave}
        >
          {wanted === "change" && <PartsPicker parts={parts} />}
          {work.version > looked.value && work.by !== session.value?.user && <Meanwhile work={work} looked={looked.value} />}
        </Form>
      )}
      {judged && !wanted && (
        <div class="judging" role="group" aria-label={`${say("work.was_it_right")} ${title}`}>
          <span class="note">{say("work.was_it_right")}</span>
          <span class="acts">
            {(["right", "wrong", ...(work.state === "done" || work.state === "cancelled" ? [] : (["not_now"] as const))] as const).map((said) => (
              <Act key={said} label={word("verdict", said)} described={`${word("verdict", said)}: ${title}`} act={(key) => judge(said, key)} />
            ))}
          </span>
        </div>
      )}
    </div>
  );
}
