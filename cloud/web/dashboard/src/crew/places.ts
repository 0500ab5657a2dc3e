// Where alerts stand: one about which a form is open stays in its tab, whatever others do about it meanwhile.
import { opened } from "../trade/opened";
import type { AlertView } from "../types";
import { type StateTab, tabOf } from "./tabs";

const tabs = opened<number, StateTab>();

/** The tab an alert is in, or was as its form was opened. */
export const placed = (alert: AlertView): StateTab => tabs.of(alert.id) ?? tabOf(alert);
export const isOpened = ({ id }: AlertView): boolean => tabs.has(id);
export const hold = (alert: AlertView): void => void (isOpened(alert) || tabs.hold(alert.id, tabOf(alert)));
export const release = ({ id }: AlertView): void => tabs.release(id);
