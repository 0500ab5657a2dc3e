// Orders: what waits for a decision first, then what is under way, then what ended; and what the shelves saw coming.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Refused } from "../api";
import { Csv, Panel, Since, useKeptFocus } from "../ui/panel";
import { may, orders, site, skuName } from "../state";
import { part, skuHref } from "../route";
import { day, money, number, say, word } from "../words/words";
import { order as ask, SITE } from "./api";
import { useAsked } from "./asked";
import { Arrivals } from "./arrivals";
import { OrderHistory } from "./order_history";
import { NewOrder } from "./order_new";
import { Steps, stepsOf } from "./order_steps";
import { isOpened, placed } from "./places";
import type { OrderState, OrderView } from "./types";

const GROUPS: { name: "waiting" | "under_way" | "ended"; states: OrderState[] }[] = [
  { name: "waiting", states: ["draft", "approved"] },
  { name: "under_way", states: ["sent", "confirmed", "partly_received"] },
  { name: "ended", states: ["received", "closed", "cancelled"] },
];

export function Orders() {
  const all = [...orders.value.values()];
  const drafting = useSignal(false);
  const opener = useRef<HTMLButtonElement>(null);
  const leave = () => {
    drafting.value = false;
    opener.current?.focus();
  };
  const begin = (
    <button ref={opener} type="button" aria-expanded={drafting.value} onClick={() => (drafting.value ? leave() : (drafting.value = true))}>
      {say("orders.new")}
    </button>
  );
  return (
    <>
      {part.value && !orders.value.has(Number(part.value)) && <Sought key={part.value} id={part.value} />}
      <Arrivals />
      {GROUPS.map(({ name, states }) => {
        const found = all.filter((one) => (waits(placed(one)) ? name === "waiting" : states.includes(placed(one).state))).sort(name === "ended" ? byChange : byUrgency);
        if (name === "ended" && !found.length) return null;
        return (
          <Panel key={name} name={`orders-${name}`} title={say(`orders.${name}`)} aside={name === "waiting" && may("buy") ? begin : found.length > 0 && number(found.length)} foot={name === "under_way" && <Csv table="order_lines" />}>
            {name === "waiting" && drafting.value && <NewOrder leave={leave} />}
            <Rows orders={found} calm={say(`orders.none_${name}`)} />
          </Panel>
        );
      })}
    </>
  );
}

/** One that the address names and that is not among those shown: an older one, or none. */
function Sought({ id }: { id: string }) {
  const find = async (): Promise<OrderView | "none"> => {
    try {
      return /^\d{1,15}$/.test(id) ? (await ask(Number(id))).order : "none";
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return "none";
      throw error;
    }
  };
  const [asked] = useAsked(id, find);
  const { value, failed } = asked.value;
  return (
    <Panel name="orders-sought" title={say("order.title", { id })}>
      {value && value !== "none" ? <Rows orders={[value]} calm="" /> : <p class="calm" role="status">{say(value ? "orders.no_such" : failed ? "later.failed" : "loading.text", { id })}</p>}
    </Panel>
  );
}

function Rows({ orders: shown, calm }: { orders: OrderView[]; calm: string }) {
  const list = useKeptFocus<HTMLUListElement>();
  if (!shown.length) return <p class="calm">{calm}</p>;
  return (
    <ul ref={list} class="rows">
      {shown.map((order) => (
        <Order key={order.id} order={order} base={SITE} />
      ))}
    </ul>
  );
}

/** What a supplier asks for waits for a decision, whatever the state of its order. */
export const waits = ({ asking }: OrderView): boolean => asking.length > 0;

/** Late ones first, then by when they are due, then the older. */
export function byUrgency(one: OrderView, other: OrderView): number {
  const [a, b] = [placed(one), placed(other)];
  return Number(b.late) - Number(a.late) || (dueOf(a) || Infinity) - (dueOf(b) || Infinity) || a.id - b.id || 0;
}

/** The latest first. */
export const byChange = (a: OrderView, b: OrderView): number => placed(b).changed_ms - placed(a).changed_ms;

/** When the next line that is still waited for is due; 0 where nobody knows. */
export function dueOf(order: OrderView): number {
  const due = order.lines.filter((line) => line.received < line.units && line.due_ms > 0).map((line) => line.due_ms);
  return due.length ? Math.min(...due) : 0;
}

/** `base`: where it is acted on. A supplier sees neither our name for it nor its history. `handed_in`: a plan of the
 *  supplier's that the site has not decided about. */
export function Order({ order, base, handed_in }: { order: OrderView; base: string; handed_in?: boolean }) {
  const ours = base === SITE;
  const meant = part.value === String(order.id);
  const open = useSignal(meant);
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (!meant) return;
    open.value = true;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector("summary")?.focus({ preventScroll: true });
  }, [meant]);
  const due = dueOf(order);
  const title = say("order.title", { id: order.id });
  return (
    <li ref={row} class={`order-row ${order.state} ${order.late ? "late" : ""}`}>
      <details open={open.value} onToggle={(event) => (open.value = event.currentTarget.open)}>
        <summary aria-label={`${title}${ours ? `, ${order.supplier_name}` : ""}`}>
          <span class="what">
            <strong>
              {title}
              {ours && ` · ${order.supplier_name || order.supplier}`}
            </strong>
            <span class="note">{goods(order)}</span>
          </span>
          <span class="tags">
            {order.late && (
              <span class="tag late">
                <LateMark /> {say("order.late")}
              </span>
            )}
            {waits(order) && <span class="tag late">{say(ours ? "asking.tag" : "asking.tag_mine")}</span>}
            <span class="tag">{handed_in ? say("asking.tag_mine") : word("order_state", order.state)}</span>
            {due > 0 && <span class="note">{say("order.due", { day: day(due) })}</span>}
          </span>
          <span class="order">{money(order.value, site.value?.currency || "EUR")}</span>
          <span class="unfold" aria-hidden="true" />
        </summary>
        {open.value && (
          <div class="inside">
            <Lines order={order} ours={ours} />
            <Notes order={order} ours={ours} />
            <p class="note">
              {order.by ? say("order.changed", { by: order.by }) : say(handed_in ? "order.handed_in" : "order.changed_last")} <Since at={order.changed_ms} />
            </p>
            {ours && <OrderHistory order={order} />}
          </div>
        )}
      </details>
      {((ours ? stepsOf(order) : order.may).length > 0 || waits(order) || isOpened(order)) && <Steps order={order} base={base} />}
    </li>
  );
}

/** Ours, and beside it what the supplier said last; each with whose it is, where both may stand. */
function Notes({ order: { note, supplier_note }, ours }: { order: OrderView; ours: boolean }) {
  return (
    <>
      {note && (
        <p>
          {supplier_note && <span class="note">{say("order.our_note")} </span>}
          <q>{note}</q>
        </p>
      )}
      {supplier_note && (
        <p>
          <span class="note">{say(ours ? "order.supplier_note" : "order.your_note")} </span>
          <q>{supplier_note}</q>
        </p>
      )}
    </>
  );
}

function goods({ lines }: OrderView): string {
  const first = lines.slice(0, 2).map((line) => `${number(line.units)} × ${skuName(line.sku)}`);
  return lines.length > 2 ? `${first.join(", ")} ${say("order.and_more", { n: lines.length - 2 })}` : first.join(", ");
}

function Lines({ order, ours }: { order: OrderView; ours: boolean }) {
  const shipped = order.lines.some((line) => line.shipped > 0);
  const rejected = order.lines.some((line) => line.rejected > 0);
  return (
    <div class="scrolling" tabIndex={0} role="group" aria-label={say("order.lines")}>
      <table class="small">
        <thead>
          <tr>
            <th scope="col">{say("stock.item")}</th>
            <th scope="col" class="n">{say("order.units")}</th>
            <th scope="col" class="n wide">{say("order.price")}</th>
            {shipped && <th scope="col" class="n">{say("order.shipped")}</th>}
            <th scope="col" class="n">{say("order.received")}</th>
            {rejected && <th scope="col" class="n">{say("order.rejected")}</th>}
            <th scope="col" class="n">{say("order.due_column")}</th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={line.sku}>
              <th scope="row">{ours ? <a href={skuHref(line.sku)}>{skuName(line.sku)}</a> : skuName(line.sku)}</th>
              <td class="n">{number(line.units)}</td>
              <td class="n wide">{money(line.unit_price, site.value?.currency || "EUR")}</td>
              {shipped && <td class="n">{number(line.shipped)}</td>}
              <td class="n">{number(line.received)}</td>
              {rejected && <td class="n">{number(line.rejected)}</td>}
              <td class="n">{line.due_ms ? day(line.due_ms) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function LateMark() {
  return (
    <svg class="late-mark" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.4" />
      <path d="M8 4.4V8l2.4 1.8" />
    </svg>
  );
}
