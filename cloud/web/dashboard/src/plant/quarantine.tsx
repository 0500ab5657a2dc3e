// The lots that wait for a decision, over all rooms.
import { excursionHref, skuHref } from "../route";
import { skuName, zoneName } from "../state";
import { Panel, Since } from "../ui/panel";
import { number, say } from "../words/words";
import type { ExcursionView } from "./types";

export function Quarantine({ excursions }: { excursions: ExcursionView[] }) {
  const held = excursions.flatMap((one) => (one.state === "open" ? one.lines.filter((line) => !line.decision && line.units > 0).map((line) => ({ one, line })) : []));
  if (!held.length) return null;
  const units = held.reduce((sum, { line }) => sum + line.units, 0);
  return (
    <Panel name="quarantine" title={say("cold.quarantine")} aside={say("cold.units_of_lots", { units: number(units), lots: number(held.length) })}>
      <ul class="rows">
        {held.map(({ one, line }) => (
          <li key={`${one.id} ${line.number}`}>
            <span class="what">
              <a class="name" href={skuHref(line.sku)}>
                <strong>{skuName(line.sku)}</strong>
              </a>
              <span class="note">
                {line.lot ? say("cold.lot_of", { lot: line.lot }) : say("cold.no_lot")} · {zoneName(one.zone)} · {say("cold.aside")} <Since at={line.at_ms} />
              </span>
            </span>
            <b class="n">{say("cold.units", { n: number(line.units) })}</b>
            <a class="button" href={excursionHref(one.id)}>
              {say("cold.number", { id: one.id })}
            </a>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
