// What a supplier asks for, where that is dearer than what was approved: old beside new, to agree to or to decline. Nothing
// of it holds until the site agrees.
import { site, skuName } from "../state";
import { day, money, number, say } from "../words/words";
import { SITE, type StepBody } from "./api";
import { Act } from "./form";
import type { OrderView, Step } from "./types";

export interface Asks {
  sku: string;
  /** What differs, each in words: field, as it is, as it would be. */
  changes: [string, string, string][];
}

/** Line by line what a supplier would have otherwise. Pure. */
export function asks(order: Pick<OrderView, "lines" | "asking">, coins: (value: number) => string): Asks[] {
  return order.asking.map((asked) => {
    const line = order.lines.find((one) => one.sku === asked.sku);
    const told = [
      ["order.units", "units", number],
      ["order.price", "unit_price", coins],
      ["order.due_column", "due_ms", (ms: number) => (ms ? day(ms) : "–")],
    ] as const;
    const changes = told.filter(([, field]) => line?.[field] !== asked[field]).map(([name, field, show]): [string, string, string] => [say(name), line ? show(line[field]) : "–", show(asked[field])]);
    return { sku: asked.sku, changes };
  });
}

/** What the order would come to. Pure. */
export function askedValue({ lines, asking }: Pick<OrderView, "lines" | "asking">): number {
  const asked = new Map(asking.map((one) => [one.sku, one]));
  return lines.reduce((sum, line) => {
    const { units, unit_price } = asked.get(line.sku) ?? line;
    return sum + units * unit_price;
  }, 0);
}

/** The lines as they are: saying so again declines what is asked. Pure. */
export const asTheyAre = ({ lines }: Pick<OrderView, "lines">): Pick<StepBody, "lines"> => ({ lines: lines.map(({ sku, units }) => ({ sku, units })) });

/** `send`: where it may be decided here. */
export function Asking({ order, base, send }: { order: OrderView; base: string; send: ((action: Step, body: Omit<StepBody, "version">, key: string) => Promise<void>) | null }) {
  const ours = base === SITE;
  const coins = (value: number) => money(value, site.value?.currency || "EUR");
  const title = say("order.title", { id: order.id });
  const [was, would] = [askedValue({ ...order, asking: [] }), askedValue(order)];
  const can = (step: Step) => send !== null && ours && order.may.includes(step);
  return (
    <section class="asking" aria-label={`${say(ours ? "asking.title" : "asking.mine")}: ${title}`}>
      <h3>{say(ours ? "asking.title" : "asking.mine")}</h3>
      <ul>
        {asks(order, coins).map(({ sku, changes }) => (
          <li key={sku}>
            <span>{skuName(sku)}</span>
            {changes.map(([field, from, to]) => (
              <span key={field} class="change">
                {field} <s>{from}</s> <span aria-hidden="true">→</span> <b>{to}</b>
              </span>
            ))}
          </li>
        ))}
      </ul>
      <p class="note">{say(ours ? "asking.comes_to" : "asking.waits", { from: coins(was), to: coins(would) })}</p>
      {(can("approve") || can("change")) && (
        <div class="acts">
          {can("approve") && <Act main label={say("asking.agree")} described={`${say("asking.agree")}: ${title}`} act={(key) => send!("approve", {}, key)} />}
          {can("change") && <Act label={say("asking.decline")} described={`${say("asking.decline")}: ${title}`} act={(key) => send!("change", asTheyAre(order), key)} />}
        </div>
      )}
    </section>
  );
}
