// Where orders stand: one below which a form is open keeps its place, whatever others do with it meanwhile.
import { signal } from "@preact/signals";
import type { OrderView } from "./types";

/** The orders with a form open, as they were when it was opened. */
const opened = signal<ReadonlyMap<number, OrderView>>(new Map());

/** As what the order is placed in its list: as it is, or as it was when its form was opened. */
export const placed = (order: OrderView): OrderView => opened.value.get(order.id) ?? order;

export const isOpened = (order: OrderView): boolean => opened.value.has(order.id);

export function hold(order: OrderView): void {
  if (!isOpened(order)) opened.value = new Map(opened.value).set(order.id, order);
}

export function release({ id }: OrderView): void {
  if (!opened.peek().has(id)) return;
  const rest = new Map(opened.peek());
  rest.delete(id);
  opened.value = rest;
}
