// The course of a device's channel, loaded when one is first shown: see later.tsx.
import { now } from "../state";
import { say } from "../words/words";
import { HOUR_MS, useHistory } from "./history";
import { Trend } from "./trend";

const HOURS = 24;

export function Course({ name, series: key }: { name: string; series: string }) {
  const { series } = useHistory(key, HOURS).value;
  if (!series?.t.length) return null;
  return (
    <section>
      <h3>{`${name} · ${say("climate.hours", { n: HOURS })}`}</h3>
      <Trend series={series} from={now.value - HOURS * HOUR_MS} to={now.value} label={name} />
    </section>
  );
}
