// What may be done with an order now, as buttons. Some are done at once; others ask first for what they need.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { amount, dayOf, type Field, noon, written } from "../core/forms";
import { Refused } from "../api";
import { adopt } from "../link";
import { may, now, orders, skuName } from "../state";
import { known, number, say, timezone, word } from "../words/words";
import { PORTAL, step, type StepBody, type StepLine } from "./api";
import { Asking } from "./asking";
import { Act, Form, type Values } from "./form";
import { Meanwhile } from "./meanwhile";
import { much } from "./much";
import { changes } from "./order_history";
import { hold, release } from "./places";
import { refreshed } from "./portal_news";
import { type OrderLine, type OrderView, type Step, STEPS } from "./types";

const AT_ONCE: Step[] = ["approve", "send"];
const SHY: Step[] = ["close", "cancel"];
/** What usually comes next: its button comes first. Of a supplier: what it has to confirm, then to ship. */
const NEXT: Record<string, Step> = { draft: "approve", approved: "send", sent: "confirm", confirmed: "receive", partly_received: "receive", received: "close" };

/** What whoever is signed in may do with an order of ours now. */
export const stepsOf = (order: OrderView): Step[] => STEPS.filter((one) => order.may.includes(one) && may(one === "receive" ? "handle" : "buy"));

export function Steps({ order, base }: { order: OrderView; base: string }) {
  /** What is being filled in, and of the order as whoever does so has seen it. */
  const asking = useSignal<{ action: Step; of: OrderView } | null>(null);
  const home = useRef<HTMLDivElement>(null);
  const asked = order.asking.length > 0; // that is to be decided first
  const next = asked && (base !== PORTAL || order.state === "sent") ? "" : base !== PORTAL ? NEXT[order.state] : order.state === "sent" ? "confirm" : "ship";
  const gone = base === PORTAL && !order.lines.some((line) => REST.ship!(line) > 0);
  const elsewhere = (one: Step) => (base === PORTAL ? one === "change" || (gone && one === "ship") : asked && one === "approve"); // its dates a supplier confirms anew
  const can = STEPS.filter((one) => (base === PORTAL ? order.may : stepsOf(order) as string[]).includes(one) && !elsewhere(one)).sort((a, b) => Number(b === next) - Number(a === next));
  const title = say("order.title", { id: order.id });
  const labelled = (one: Step) => {
    const own = base === PORTAL ? `portal_step.${one}` : "";
    return own && known("portal_step", one) ? word("portal_step", one) : word("step", one);
  };
  const done = (after: OrderView) => (base === PORTAL ? refreshed() : adopt({ orders: [after] }));
  const current = () => orders.value.get(order.id)?.version ?? order.version;
  const send = async (action: Step, body: Omit<StepBody, "version">, key: string, version = current()) => {
    try {
      done(await step(base, order.id, action, { ...body, version }, key));
    } catch (error) {
      // the portal is not told by itself what others do: what is shown must not stay as it was
      if (base === PORTAL && error instanceof Refused && [409, 412].includes(error.status)) refreshed();
      throw error;
    }
  };
  const leave = () => {
    const was = asking.value?.action;
    asking.value = null;
    release(order);
    home.current?.querySelector<HTMLElement>(`[data-step="${was}"]`)?.focus();
  };
  const enter = (action: Step) => {
    hold(order);
    asking.value = { action, of: order };
  };
  useEffect(() => () => release(order), []);
  const wanted = asking.value?.action ?? null;
  const seen = asking.value?.of ?? order;
  const told = base === PORTAL ? seen : { ...seen, asking: [] };
  return (
    <div class="steps" ref={home}>
      {asked && <Asking order={order} base={base} send={may("buy") ? send : null} />}
      <div class="acts">
        {can.map((one) =>
          AT_ONCE.includes(one) ? (
            <Act key={one} main={one === next} label={labelled(one)} described={`${labelled(one)}: ${title}`} act={(key) => send(one, {}, key)} />
          ) : (
            <button
              key={one}
              type="button"
              data-step={one}
              class={one === next ? "main" : SHY.includes(one) ? "shy" : ""}
              aria-expanded={wanted === one}
              aria-label={`${labelled(one)}: ${title}`}
              onClick={() => (wanted === one ? leave() : enter(one))}
            >
              {labelled(one)}
            </button>
          ),
        )}
      </div>
      {wanted && (
        <Form
          key={wanted}
          label={`${labelled(wanted)}: ${title}`}
          fields={fieldsOf(wanted, told, now.value, timezone.value)}
          submit={labelled(wanted)}
          overruled={["too_many", "in_transit", "not_a_lot", "need_over"]}
          about={seen}
          doubt={(values, before) =>
            wanted === "change" ? much(raised(told, bodyOf(wanted, told, values, timezone.value).lines ?? [])) : before && REST[wanted] ? say("order.entered_before") : ""
          }
          send={(values, key) => send(wanted, bodyOf(wanted, told, values, timezone.value), key, seen.version)}
          done={leave}
          close={leave}
        >
          {order.version > seen.version && <Meanwhile told={whoDid(order)} changes={changes({ order: seen }, { action: "change", order })} goOn={can.includes(wanted) ? () => (asking.value = { action: wanted, of: order }) : null} />}
        </Form>
      )}
    </div>
  );
}

/** Who did what while the form was open. */
function whoDid({ by, state }: OrderView): string {
  const words = { by, state: word("order_state", state) };
  return by ? say("order.meanwhile", words) : say("order.meanwhile_unknown", words);
}

/** States in which what is still to come of an order counts as coming. */
const COUNTED: OrderView["state"][] = ["approved", "sent", "confirmed", "partly_received"];

/** The lines of which more is wanted than before: what would come of them, and how much of it counts as coming already. Pure. */
export function raised(order: OrderView, wanted: StepLine[]): { sku: string; units: number; counted: number }[] {
  return order.lines.flatMap((line) => {
    const units = wanted.find((one) => one.sku === line.sku)?.units ?? line.units;
    return units > line.units ? [{ sku: line.sku, units: units - line.received, counted: COUNTED.includes(order.state) ? REST.receive!(line) : 0 }] : [];
  });
}

const REST: Record<string, (line: OrderLine) => number> = {
  ship: (line) => Math.max(0, line.units + line.rejected - line.shipped),
  receive: (line) => Math.max(0, line.units - line.received),
};

const KEY_MAX = 128;

/** A price as it stands in a field, to a hundredth of a cent, or to four digits where it is below one. Pure. */
export function priceOf(price: number): string {
  return written(Number(price < 1 ? price.toPrecision(4) : price.toFixed(4)));
}

/** A line as it would be confirmed: as the supplier asked for it last, where it did. */
const saidLast = ({ asking }: OrderView, line: OrderLine): OrderLine => ({ ...line, ...asking.find((one) => one.sku === line.sku) });

/** What a step asks for, a group of fields a line of the order; what is most likely meant stands there already. Pure. */
export function fieldsOf(action: Step, order: OrderView, at_ms: number, zone: string): Field[] {
  const fields: Field[] = [];
  const open = order.lines.filter((line) => action === "confirm" || action === "change" || (REST[action]?.(line) ?? 0) > 0);
  for (const line of SHY.includes(action) ? [] : open) {
    const of = (key: Parameters<typeof say>[0]) => `${skuName(line.sku)}: ${say(key)}`;
    const units = { name: `units ${line.sku}`, kind: "whole", needed: true } as const;
    const last = action === "confirm" ? saidLast(order, line) : line;
    const due = { name: `due_ms ${line.sku}`, label: of("order.due_column"), kind: "date", value: dayOf(last.due_ms, zone), from: dayOf(at_ms, zone) } as const;
    const gone = line.received + Math.max(0, line.shipped - line.received - line.rejected);
    if (action === "receive") {
      fields.push(
        { ...units, name: `received ${line.sku}`, label: of("order.good"), value: String(REST.receive!(line)), least: 0, hint: say("order.rest_of", { rest: number(REST.receive!(line)), units: number(line.units) }) },
        { name: `rejected ${line.sku}`, label: of("order.rejected"), kind: "whole", value: "0", least: 0 },
      );
    } else if (action === "ship") {
      fields.push({ ...units, label: of("order.units"), value: String(REST.ship!(line)), least: 0, most: REST.ship!(line) }, due);
    } else {
      fields.push({ ...units, label: of("order.units"), value: String(last.units), least: gone, ...(action === "confirm" && { most: line.units }) }, { ...due, needed: action === "confirm" });
      if (action === "confirm") fields.push({ name: `unit_price ${line.sku}`, label: of("order.price"), kind: "money", needed: true, value: priceOf(last.unit_price), least: 0 });
    }
  }
  if (action === "ship") fields.push({ name: "key", label: say("order.shipment"), kind: "text", most: KEY_MAX });
  const note: Field = { name: "note", label: say(SHY.includes(action) ? "order.why" : "alerts.note"), kind: "text", needed: SHY.includes(action) };
  if (action === "receive") note.hint = say("order.note_rejected");
  return [...fields, note];
}

/** What is sent of what was entered: only lines and fields that say something. Pure. */
export function bodyOf(action: Step, order: OrderView, values: Values, zone: string): Omit<StepBody, "version"> {
  const lines: StepLine[] = [];
  for (const line of order.lines) {
    const { sku, due_ms, unit_price } = action === "confirm" ? saidLast(order, line) : line;
    const told: StepLine = { sku };
    for (const name of ["units", "received", "rejected", "unit_price"] as const) {
      const value = amount(values[`${name} ${sku}`] ?? "", name === "unit_price" ? "money" : "whole");
      if (value !== null) told[name] = value;
    }
    if (values[`unit_price ${sku}`] === priceOf(unit_price)) told.unit_price = unit_price; // it is shown rounded
    const due = values[`due_ms ${sku}`];
    if (due) told.due_ms = due === dayOf(due_ms, zone) ? due_ms : noon(due, zone); // the same day keeps its hour
    if (Object.keys(told).length > 1) lines.push(told);
  }
  const note = values.note?.trim();
  const key = action === "ship" ? values.key?.trim() : "";
  return { ...(lines.length && !SHY.includes(action) && { lines }), ...(note && { note }), ...(key && { key }), ...(values.anyway && { anyway: true }) };
}
