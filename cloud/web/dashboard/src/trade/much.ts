// What is said before more is ordered than anybody can use or put away: it may be a slip of the hand.
import { strange } from "../core/queue";
import { skuName, skus, slots } from "../state";
import { days, number, say } from "../words/words";

/** In words, line by line; "" where nothing is strange. The service is the judge all the same. `counted`: how many of the
 *  units count as coming already. */
export function much(lines: { sku: string; units: number; counted?: number }[]): string {
  const said = lines.flatMap(({ sku, units, counted = 0 }) => {
    const of = skus.value.get(sku);
    if (!of) return [];
    const [coming, lying] = [of.on_order + of.in_transit - counted, [...slots.value.values()].filter((slot) => slot.sku === sku)];
    const found = strange(units, { daily: of.daily_demand, on_hand: of.on_hand, coming }, lying.length ? lying.reduce((sum, slot) => sum + slot.capacity, 0) : null);
    const name = skuName(sku);
    return [
      ...(found.days === null ? [] : [say("much.days", { name, days: days(Math.round(found.days)) })]),
      ...(found.room === null ? [] : [say("much.room", { name, room: number(found.room), there: number(of.on_hand + coming) })]),
    ];
  });
  return said.length ? [...said, say("much.ask")].join(" ") : "";
}
