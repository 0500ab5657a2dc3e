// A tare, calibration or lesson at a slot, step by step. The gateway remembers how far it has come, so that it goes on over
// a reload, and on another screen.
import { useSignal } from "@preact/signals";
import { now } from "../state";
import type { Run } from "../types_field";
import type { SlotAction } from "../types_gate";
import { number, quantity, say } from "../words/words";
import { Since } from "../ui/panel";
import { reading } from "../core/forms";
import { cannot, reason } from "../gate/asked";
import { useEvery } from "./every";
import type { Gate } from "./gate";

const AGAIN_MS = 1000;
const WHYS = ["restless", "silent", "cancelled"] as const;
/** What a gateway takes (`Teach` and `Calibrate` in edge/core/slots/actions.py). */
const PIECES_MAX = 100_000;
const MASS_MAX_G = 1e7;
/** In view as it is opened: a form below the edge of a drawer is not seen to be there. */
const toView = (form: HTMLFormElement | null) => form?.scrollIntoView({ block: "nearest" });
type Open = "" | "tare" | "calibrate" | "teach";

export function RunAt({ gate, slot, done }: { gate: Gate; slot: string; done?: () => void }) {
  const run = useSignal<Run | null>(null);
  const said = useSignal("");
  const busy = useSignal(false);
  const open = useSignal<Open>("");
  const typed = useSignal("");
  const anyway = useSignal(false);
  const waits = run.value?.step === "calm" || run.value?.step === "measured";

  useEvery(AGAIN_MS, `${gate.id} ${slot} ${waits}`, async () => {
    if (run.value && !waits) return;
    const before = run.value?.step;
    const found = await gate.run(slot);
    if (busy.peek()) return;
    run.value = found;
    if (found?.step === "stored" && before === "calm") done?.();
  });
  const work = async (what: () => Promise<Run | null>) => {
    if (busy.value) return;
    busy.value = true;
    said.value = "";
    try {
      run.value = await what();
      open.value = "";
      typed.value = "";
      anyway.value = false;
    } catch (error) {
      said.value = reason(error, gate.id);
    } finally {
      busy.value = false;
    }
  };
  const begin = (action: SlotAction) => work(() => gate.begin(slot, action));
  /** What is understood of what is typed; it is said back beside it. */
  const found = reading(typed.value, open.value === "teach" ? "whole" : "money");
  const given = typeof found === "number" ? found : null;
  const submit = () => {
    const value = given ?? NaN;
    if (open.value === "tare") void begin({ do: "tare", anyway: anyway.value });
    else if (found !== null && given === null) said.value = say("run.mass_unclear", { text: typed.value.trim() });
    else if (open.value === "teach" && (!Number.isInteger(value) || value < 1 || value > PIECES_MAX)) said.value = say("shelf.pieces_wrong", { most: number(PIECES_MAX) });
    else if (open.value === "teach") void begin({ do: "teach", pieces: value, anyway: anyway.value });
    else if (!(value > 0 && value <= MASS_MAX_G)) said.value = say("run.mass_wrong", { most: quantity(MASS_MAX_G, "g") });
    else void begin({ do: "calibrate", mass_g: value });
  };
  const choose = (one: Open) => {
    open.value = open.value === one ? "" : one;
    said.value = "";
  };
  return (
    <div class="run-at">
      {run.value && <Steps run={run.value} />}
      {waits && <p class="taps"><button type="button" onClick={() => void work(async () => (await gate.cancel(slot), gate.run(slot)))}>{say("run.cancel")}</button></p>}
      {!waits && (
        <p class="taps">
          {(["tare", "calibrate", "teach"] as const).map((one) => (
            <button key={one} type="button" aria-expanded={open.value === one} onClick={() => choose(one)}>{say(`run.${one}`)}</button>
          ))}
        </p>
      )}
      {!waits && open.value && (
        <form class="run-form" ref={toView} onSubmit={(event) => (event.preventDefault(), submit())}>
          <p>{say(`run.${open.value}_how`)}</p>
          {open.value !== "tare" && (
            <label>
              {say(open.value === "teach" ? "shelf.pieces" : "run.mass")} <input inputMode="decimal" value={typed.value} onInput={(event) => (typed.value = event.currentTarget.value)} />
            </label>
          )}
          {open.value !== "tare" && given !== null && <output>{`= ${number(given, 3)}${open.value === "teach" ? "" : "\u00a0g"}`}</output>}
          {open.value !== "calibrate" && (
            <label class="tick">
              <input type="checkbox" checked={anyway.value} onChange={(event) => (anyway.value = event.currentTarget.checked)} /> {say("run.anyway")}
            </label>
          )}
          <button type="submit" aria-disabled={busy.value}>{say("run.begin")}</button>
        </form>
      )}
      <p class="note" role="status">{said.value}</p>
    </div>
  );
}

function Steps({ run }: { run: Run }) {
  const { step } = run;
  const failed = step === "refused";
  const at = step === "calm" ? 0 : step === "measured" ? 1 : failed && run.measured_g === null ? 0 : failed ? 1 : 3;
  const left = Math.max(0, Math.ceil((run.until_ms - now.value) / 1000));
  const waiting = run.shown_g === null ? say("run.moves") : say("run.shows", { mass: quantity(run.shown_g, "g", 1) });
  return (
    <div class="run" role="group" aria-label={say(`run.${run.do}`)}>
      <p>
        <b>{say(`run.${run.do}`)}</b> <span class="note">{run.by} <Since at={run.begun_ms} /></span>
      </p>
      <ol>
        {(["calm", "measured", "stored"] as const).map((one, number) => (
          <li key={one} class={number < at ? "past" : number === at ? (failed ? "failed" : "at") : undefined} aria-current={number === at && !failed ? "step" : undefined}>
            <span aria-hidden="true">{number < at ? "✓" : number === at && failed ? "✕" : number + 1}</span> {say(`run.step.${one}`)}
            {one === "measured" && run.measured_g !== null && `: ${quantity(run.measured_g, "g", 1)}`}
          </li>
        ))}
      </ol>
      <p role="status">
        {step === "calm" && `${waiting} ${say("run.left", { n: number(left) })}`}
        {failed && why(run)}
        {step === "stored" && result(run)}
      </p>
    </div>
  );
}

const why = (run: Run): string => say("run.refused", { why: WHYS.some((one) => one === run.why) ? say(`run.why.${run.why as (typeof WHYS)[number]}`) : cannot(run.told) || run.why });

function result({ result }: Run): string {
  const { tare_g: tare, span, unit_mass_g: unit, reach } = result;
  if (unit !== undefined) return `${say("shelf.unit", { mass: quantity(unit, "g", 2) })}${reach !== undefined ? ` ${say("run.reach", { n: number(reach) })}` : ""}`;
  if (tare !== undefined) return say("run.tared", { mass: quantity(tare, "g", 1) });
  return span !== undefined ? say("run.span", { span: number(span, 4) }) : say("shelf.done");
}
