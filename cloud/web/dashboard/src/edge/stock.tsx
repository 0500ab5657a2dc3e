// What lies in each slot, as the gateway counts it by itself.
import { useSignal } from "@preact/signals";
import { useEvery } from "../field/every";
import type { Gate } from "../field/gate";
import { RunAt } from "../field/run";
import { reason } from "../gate/asked";
import { number, percent, say, word } from "../words/words";
import { Panel, Since } from "../ui/panel";
import { StatusMark } from "../ui/marks";
import * as api from "./api";

const AGAIN_MS = 2000;

export function Stock({ gate, may }: { gate: Gate; may: boolean }) {
  const rows = useSignal<api.StockRow[] | null>(null);
  const failed = useSignal("");
  const sought = useSignal("");
  const open = useSignal("");
  useEvery(AGAIN_MS, "", async () => {
    try {
      rows.value = await api.stock();
      failed.value = "";
    } catch (error) {
      failed.value = reason(error);
    }
  });
  if (!rows.value) return <p class="calm" role="status">{failed.value || say("why.asking")}</p>;
  const text = sought.value.trim().toLowerCase();
  const shown = rows.value.filter((one) => !text || one.slot.toLowerCase().includes(text) || one.sku.toLowerCase().includes(text));
  return (
    <Panel
      name="home-stock"
      title={say("home.stock")}
      aside={<input type="search" aria-label={say("home.seek")} placeholder={say("home.seek")} value={sought.value} onInput={(event) => (sought.value = event.currentTarget.value)} />}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{say("home.slot")}</th>
            <th scope="col" class="n">{say("home.count")}</th>
            <th scope="col" class="n wide">{say("home.book")}</th>
            <th scope="col" class="n">{say("home.evidence")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <>
              <tr key={one.slot}>
                <th scope="row">
                  {may ? <button type="button" class="link-like" aria-expanded={open.value === one.slot} onClick={() => (open.value = open.value === one.slot ? "" : one.slot)}>{one.slot}</button> : one.slot}
                  <span class="note">{one.sku}</span>
                  {one.reason && <span class="note unknown"><StatusMark status="unknown" /> {word("reason", one.reason)}</span>}
                </th>
                <td class="n">
                  <b>{one.count === null ? say("home.range", { low: number(one.low), high: number(one.high) }) : number(one.count)}</b> <span class="note">{say("home.units")}</span>
                  {one.count !== null && <span class="note"> · {percent(one.confidence, 1)}</span>}
                </td>
                <td class="n wide">{one.booked === null ? "–" : number(one.booked)}{one.differs && <span class="odd"> ▲ {say("home.differs")}</span>}</td>
                <td class="n">{one.at_ms ? <Since at={one.at_ms} /> : "–"}</td>
              </tr>
              {open.value === one.slot && (
                <tr key={`${one.slot} run`}><td colSpan={4}><RunAt gate={gate} slot={one.slot} /></td></tr>
              )}
            </>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
