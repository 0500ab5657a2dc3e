// A rack from the front: which slot is in which bay on which level; slots of its zone are put there or taken off.
import { useSignal } from "@preact/signals";
import { may } from "../state";
import { Trouble } from "../trade/form";
import { useWish } from "../trade/wish";
import type { SiteThing } from "../types_site";
import { number, say } from "../words/words";
import { change } from "./api";

export function Shelf({ rack, slots, changed }: { rack: SiteThing; slots: SiteThing[]; changed: () => void }) {
  const [wish, make] = useWish();
  const chosen = useSignal("");
  const [bays, levels] = [Number(rack.values.bays ?? 1), Number(rack.values.levels ?? 1)];
  const admin = may("govern");
  const here = slots.filter((one) => one.values.rack === rack.id);
  const loose = slots.filter((one) => !one.values.rack && one.values.zone === rack.values.zone);
  const picked = slots.find((one) => one.id === chosen.value);
  const send = async (slot: SiteThing, values: Record<string, unknown>) => {
    if (await make({ slot: slot.id, values }, (key) => change("slots", slot.id, values, false, key, slot.tag))) chosen.value = "";
    changed();
  };
  const rows = Array.from({ length: levels }, (_, n) => levels - n);
  const columns = Array.from({ length: bays }, (_, n) => n + 1);
  return (
    <div class="shelf">
      <h4>{say("plan.front")}</h4>
      {admin && (
        <p class="acts">
          <label class="grid-step">
            {say("plan.slot")}{" "}
            <select value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)}>
              <option value="">–</option>
              {[...loose, ...here].map((one) => <option key={one.id} value={one.id}>{one.id}{one.values.rack ? " ·" : ""}</option>)}
            </select>
          </label>
          {picked?.values.rack === rack.id && <button type="button" onClick={() => void send(picked, { rack: null, bay: null, level: null })}>{say("plan.off_rack", { id: picked.id })}</button>}
          <span class="note">{picked ? say("plan.choose_bay", { id: picked.id }) : ""}</span>
        </p>
      )}
      <div class="scrolling" tabIndex={0} role="group" aria-label={say("plan.front")}>
        <table class="front small">
          <thead><tr><th scope="col">{say("plan.level")}</th>{columns.map((bay) => <th key={bay} scope="col">{number(bay)}</th>)}</tr></thead>
          <tbody>
            {rows.map((level) => (
              <tr key={level}>
                <th scope="row">{number(level)}</th>
                {columns.map((bay) => {
                  const inside = here.filter((one) => one.values.bay === bay && one.values.level === level);
                  return (
                    <td key={bay}>
                      {inside.map((one) => <span key={one.id} class="tag">{one.id}</span>)}
                      {picked && !inside.includes(picked) && <button type="button" class="small" aria-label={say("plan.put", { id: picked.id, bay: number(bay), level: number(level) })} onClick={() => void send(picked, { rack: rack.id, bay, level })}>+</button>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="trouble" role="status"><Trouble wish={wish.value} /></p>
    </div>
  );
}
