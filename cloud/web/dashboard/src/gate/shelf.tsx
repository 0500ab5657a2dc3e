// What somebody who stands at a shelf may have it do: light the way, tare, calibrate, learn what a unit weighs.
import { useSignal } from "@preact/signals";
import { throughService } from "../field/gate";
import { RunAt } from "../field/run";
import { gatewayOf, may } from "../state";
import type { SlotView } from "../types";
import { say } from "../words/words";
import * as api from "./api";
import { reason } from "./asked";

/** A slot's run is found by the slot. */
const SOME = throughService("");

export function Shelf({ slot, done }: { slot: SlotView; done: () => void }) {
  const asking = useSignal(false);
  const said = useSignal("");
  const light = async () => {
    if (asking.value) return;
    asking.value = true;
    said.value = say("shelf.working");
    try {
      const { ok, error } = await api.light(slot.id);
      said.value = ok ? say("shelf.lit") : error;
    } catch (error) {
      said.value = reason(error, gatewayOf(slot.device));
    } finally {
      asking.value = false;
    }
  };
  return (
    <section class="at-shelf">
      <h3>{say("shelf.title")}</h3>
      <p class="taps">
        <button type="button" aria-disabled={asking.value} onClick={() => void light()}>{say("shelf.light")}</button>
      </p>
      <p class="note" role="status">{said.value}</p>
      {may("maintain") && <RunAt gate={SOME} slot={slot.id} done={done} />}
    </section>
  );
}
