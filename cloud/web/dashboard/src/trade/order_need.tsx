// Makes orders of a need. Where only one supplier offers the article one press does it; where several do, they stand
// beside one another first, the proposed one chosen. A need that is on an order says on which.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { adopt } from "../link";
import { orderHref } from "../route";
import { may, orders, skuName } from "../state";
import type { NeedView } from "../types";
import { orderSaid } from "../ui/said";
import { say } from "../words/words";
import { offers, orderNeed } from "./api";
import { Choice } from "./choice";
import { Act } from "./form";
import type { Offer } from "./types";

export function OrderNeed({ need }: { need: NeedView }) {
  const choosing = useSignal<{ offers: Offer[]; units: number } | null>(null);
  const home = useRef<HTMLDivElement>(null);
  const its = [...orders.value.values()].filter((order) => (order.needs.includes(need.id) || order.id === need.order) && order.state !== "cancelled");
  if (its.length) {
    return (
      <div class="ordering">
        {its.map((order) => (
          <a key={order.id} class="button" href={orderHref(order.id)}>
            {say("order.title", { id: order.id })}
          </a>
        ))}
      </div>
    );
  }
  if (!may("buy") || need.state !== "proposed") return null;
  const label = orderSaid(choosing.value ? { ...need, quantity: choosing.value.units } : need);
  // So many as were seen when it was pressed: what is proposed moves by itself.
  const order = async (units: number, supplier: string, key: string) => adopt({ orders: (await orderNeed(need.id, units, supplier, key)).orders });
  const begin = async (key: string) => {
    const units = need.quantity;
    const all = await offers(need.id);
    if (all.length > 1) choosing.value = { offers: all, units };
    else await order(units, "", key);
  };
  const leave = () => {
    choosing.value = null;
    queueMicrotask(() => home.current?.querySelector("button")?.focus());
  };
  return (
    <div class={`ordering ${choosing.value ? "open" : ""}`} ref={home}>
      {choosing.value ? (
        <Choice title={`${label}: ${skuName(need.sku)}`} offers={choosing.value.offers} order={(supplier, key) => order(choosing.value!.units, supplier, key)} leave={leave} />
      ) : (
        <Act main label={label} described={`${label}: ${skuName(need.sku)}`} act={begin} />
      )}
    </div>
  );
}
