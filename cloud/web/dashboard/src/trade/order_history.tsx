// Why an order went to its supplier, and its versions: who did what when, and what it changed. Asked for when it is unfolded.
import { Since } from "../ui/panel";
import { skuName } from "../state";
import { day, number, say, word } from "../words/words";
import { order as ask } from "./api";
import { useAsked } from "./asked";
import { Sourced } from "./sourced";
import type { OrderLine, OrderVersion, OrderView } from "./types";

export function OrderHistory({ order }: { order: OrderView }) {
  const [asked] = useAsked(`${order.id} ${order.version}`, () => ask(order.id));
  const { value, failed } = asked.value;
  if (!value) return <p class="note">{say(failed ? "order.no_history" : "loading.text")}</p>;
  const versions = [...value.versions].sort((a, b) => a.order.version - b.order.version);
  return (
    <>
    <Sourced sourced={value.sourced ?? {}} />
    <section>
      <h3>{say("order.history")}</h3>
      <ol class="versions">
        {versions.map((version, at) => (
          <li key={version.order.version}>
            <span>
              <b>{word("done", version.action)}</b> · {version.by} · <Since at={version.at_ms} />
            </span>
            {changes(versions[at - 1], version).map((text) => (
              <span key={text} class="note">{text}</span>
            ))}
          </li>
        ))}
      </ol>
    </section>
    </>
  );
}

/** What a version changed in the lines of the one before, in words. */
export function changes(before: Pick<OrderVersion, "order"> | undefined, { action, order }: Pick<OrderVersion, "action" | "order">): string[] {
  if (!before) return [];
  const told: [keyof OrderLine, (value: number) => string][] = [
    ["units", (value) => number(value)],
    ["received", (value) => number(value)],
    ["rejected", (value) => number(value)],
    ["shipped", (value) => number(value)],
    ["unit_price", (value) => number(value, 2)],
    ["due_ms", (value) => (value ? day(value) : "–")],
  ];
  const held = new Map(before.order.lines.map((line) => [line.sku, line]));
  return order.lines.flatMap((line) => {
    const was = held.get(line.sku);
    const name = skuName(line.sku);
    if (!was) return [say("change.new", { name, units: number(line.units) })];
    // what a supplier asks for stands beside the line, which stays as it was
    const asked = action === "ask" ? order.asking.find((one) => one.sku === line.sku) : undefined;
    const now = { ...line, ...asked };
    return told.filter(([field]) => was[field] !== now[field]).map(([field, show]) => say(asked ? "change.asked" : "change.from_to", { name, field: word("line", field), from: show(was[field] as number), to: show(now[field] as number) }));
  });
}
