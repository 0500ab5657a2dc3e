// What somebody who stands at a shelf may have it do: light the way, tare, learn what a unit weighs.
import { useSignal } from "@preact/signals";
import type { SlotView } from "../types";
import type { SlotAction } from "../types_gate";
import { quantity, say } from "../words/words";
import * as api from "./api";
import { reason } from "./asked";

const LIGHT_S = 30;

export function Shelf({ slot, done }: { slot: SlotView; done: () => void }) {
  const asking = useSignal(false);
  const said = useSignal("");
  const open = useSignal<"" | "tare" | "teach">("");
  const pieces = useSignal("");

  const work = async (what: () => Promise<string>) => {
    if (asking.value) return;
    asking.value = true;
    said.value = say("shelf.working");
    try {
      said.value = await what();
      open.value = "";
      done();
    } catch (error) {
      said.value = reason(error);
    } finally {
      asking.value = false;
    }
  };
  const act = (action: SlotAction) =>
    work(async () => {
      const told = await api.act(slot.id, action);
      return typeof told.unit_mass_g === "number" ? say("shelf.unit", { mass: quantity(told.unit_mass_g, "g", 2) }) : say("shelf.done");
    });
  const light = () =>
    work(async () => {
      const { ok, error } = await api.command(slot.device, { cmd: "light", args: { slot: slot.id, seconds: LIGHT_S } });
      return ok ? say("shelf.lit") : error;
    });
  const teach = () => {
    const count = Number(pieces.value);
    if (!Number.isInteger(count) || count < 1) said.value = say("shelf.pieces_wrong");
    else void act({ do: "teach", pieces: count });
  };
  return (
    <section class="at-shelf">
      <h3>{say("shelf.title")}</h3>
      <p class="taps">
        <button type="button" aria-disabled={asking.value} onClick={light}>{say("shelf.light")}</button>
        <button type="button" aria-expanded={open.value === "tare"} onClick={() => (open.value = open.value === "tare" ? "" : "tare")}>{say("shelf.tare")}</button>
        <button type="button" aria-expanded={open.value === "teach"} onClick={() => (open.value = open.value === "teach" ? "" : "teach")}>{say("shelf.teach")}</button>
      </p>
      {open.value === "tare" && (
        <p class="taps">
          {say("shelf.tare_sure")} <button type="button" aria-disabled={asking.value} onClick={() => act({ do: "tare" })}>{say("shelf.yes")}</button>
          <button type="button" onClick={() => (open.value = "")}>{say("shelf.cancel")}</button>
        </p>
      )}
      {open.value === "teach" && (
        <form class="taps" onSubmit={(event) => (event.preventDefault(), teach())}>
          <label>
            {say("shelf.pieces")} <input inputMode="numeric" value={pieces.value} onInput={(event) => (pieces.value = event.currentTarget.value)} />
          </label>
          <button type="submit" aria-disabled={asking.value}>{say("shelf.learn")}</button>
        </form>
      )}
      <p class="note" role="status">{said.value}</p>
    </section>
  );
}
