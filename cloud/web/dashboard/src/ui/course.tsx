// The course of a device's channel, loaded when one is first shown: see later.tsx.
import { unitOf } from "../core/units";
import { now } from "../state";
import { known, say, word } from "../words/words";
import { HOUR_MS, useHistory } from "./history";
import { Trend } from "./trend";

const HOURS = 24;

export function Course({ quantity, series: key }: { quantity: string; series: string }) {
  const { series } = useHistory(key, HOURS).value;
  if (!series?.t.length) return null;
  const name = known("quantity", quantity) ? word("quantity", quantity) : quantity;
  return (
    <section>
      <h3>{`${name} · ${say("climate.hours", { n: HOURS })}`}</h3>
      <Trend series={series} from={now.value - HOURS * HOUR_MS} to={now.value} unit={unitOf(quantity)} label={name} />
    </section>
  );
}
