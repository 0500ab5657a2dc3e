// One press makes orders of a need; a need that is on an order says on which.
import { adopt } from "../link";
import { orderHref } from "../route";
import { acts, orders, skuName } from "../state";
import type { NeedView } from "../types";
import { number, say } from "../words/words";
import { orderNeed } from "./api";
import { Act } from "./form";

export function OrderNeed({ need }: { need: NeedView }) {
  const its = [...orders.value.values()].filter((order) => (order.needs.includes(need.id) || order.id === need.order) && order.state !== "cancelled");
  if (its.length) {
    return (
      <span class="ordering">
        {its.map((order) => (
          <a key={order.id} class="button" href={orderHref(order.id)}>
            {say("order.title", { id: order.id })}
          </a>
        ))}
      </span>
    );
  }
  if (!acts.value || need.state !== "proposed") return null;
  const label = say("needs.order", { n: number(need.quantity) });
  return (
    <span class="ordering">
      <Act main label={label} described={`${label}: ${skuName(need.sku)}`} act={async (key) => adopt({ orders: (await orderNeed(need.id, key)).orders })} />
    </span>
  );
}
