// A draft by hand: from whom, and what. As many articles as wanted.
import { useSignal } from "@preact/signals";
import { Refused } from "../api";
import { amount, type Field } from "../core/forms";
import { adopt } from "../link";
import { orderHref } from "../route";
import { skusInOrder } from "../state";
import { say } from "../words/words";
import { draft, suppliers } from "./api";
import { useAsked } from "./asked";
import { Form, type Values } from "./form";
import { much } from "./much";

const LINES_MAX = 20;
const nth = (label: string, n: number) => (n ? `${label} ${n + 1}` : label);

export function NewOrder({ leave }: { leave: () => void }) {
  const lines = useSignal(1);
  const [asked] = useAsked("suppliers", suppliers);
  const { value: known, failed } = asked.value;
  if (!known) return <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>;
  const articles: [string, string][] = skusInOrder.value.map((sku): [string, string] => [sku.id, sku.name ? `${sku.name} (${sku.id})` : sku.id]).sort((a, b) => a[1].localeCompare(b[1]));
  const fields: Field[] = [
    { name: "supplier", label: say("orders.supplier"), kind: "choice", needed: true, choices: [["", "–"], ...known.map(({ id, name, suspended }): [string, string] => [id, suspended ? `${name} (${say("suppliers.suspended")})` : name])] },
    ...Array.from({ length: lines.value }, (_, n): Field[] => [
      { name: `sku ${n}`, label: nth(say("stock.item"), n), kind: "choice", needed: n === 0, choices: [["", "–"], ...articles] },
      { name: `units ${n}`, label: nth(say("order.units"), n), kind: "whole", needed: n === 0, least: 1 },
    ]).flat(),
    { name: "note", label: say("alerts.note"), kind: "text" },
  ];
  /** Of a line of which only half was given, the field that is empty; "" where there is none such. */
  const half = (values: Values) => Array.from({ length: lines.value }, (_, n) => [`sku ${n}`, `units ${n}`]).flatMap((pair) => (pair.some((name) => values[name]) ? pair.filter((name) => !values[name]) : []))[0] ?? "";
  const wanted = (values: Values) => Array.from({ length: lines.value }, (_, n) => ({ sku: values[`sku ${n}`] ?? "", units: amount(values[`units ${n}`] ?? "", "whole") ?? 0 })).filter((line) => line.sku && line.units);
  const send = async (values: Values, key: string) => {
    const field = half(values);
    if (field) throw new Refused(400, { reason: "half_line", detail: "", hint: "", field });
    const made = await draft(values.supplier!, wanted(values), values.note ?? "", key);
    adopt({ orders: [made] });
    location.hash = orderHref(made.id);
  };
  return (
    <div class="new-order">
      <Form label={say("orders.new")} fields={fields} submit={say("orders.make")} send={send} doubt={(values) => much(wanted(values))} done={leave} close={leave} />
      {lines.value < LINES_MAX && (
        <button type="button" onClick={() => (lines.value += 1)}>
          {say("orders.another")}
        </button>
      )}
    </div>
  );
}
