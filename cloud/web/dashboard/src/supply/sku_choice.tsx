// Of all articles, or of one.
import { skusInOrder } from "../state";
import { say } from "../words/words";

export function SkuChoice({ sku, href }: { sku: string; href: (id: string) => string }) {
  const all = [...skusInOrder.value].sort((a, b) => (a.name || a.id).localeCompare(b.name || b.id));
  return (
    <label class="sku-choice">
      <span class="note">{say("stock.item")}</span>
      <select value={sku} onChange={(event) => (location.hash = href(event.currentTarget.value))}>
        <option value="">{say("replenish.every_sku")}</option>
        {all.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name || one.id}
          </option>
        ))}
      </select>
    </label>
  );
}
