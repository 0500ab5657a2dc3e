// Where alerts stand: one about which a form is open stays in its tab, whatever others do about it meanwhile.
import { signal } from "@preact/signals";
import type { AlertView } from "../types";
import { type StateTab, tabOf } from "./tabs";

/** The alerts with a form open, and in which tab it was opened. */
const opened = signal<ReadonlyMap<number, StateTab>>(new Map());

/** The tab an alert is in, or was as its form was opened. */
export const placed = (alert: AlertView): StateTab => opened.value.get(alert.id) ?? tabOf(alert);

export const isOpened = ({ id }: AlertView): boolean => opened.value.has(id);

export function hold(alert: AlertView): void {
  if (!isOpened(alert)) opened.value = new Map(opened.peek()).set(alert.id, tabOf(alert));
}

export function release({ id }: AlertView): void {
  if (!opened.peek().has(id)) return;
  const rest = new Map(opened.peek());
  rest.delete(id);
  opened.value = rest;
}
