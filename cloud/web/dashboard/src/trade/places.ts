// Where orders stand: one below which a form is open keeps its place, whatever others do with it meanwhile.
import { opened } from "./opened";
import type { OrderView } from "./types";

const orders = opened<number, OrderView>();

/** As what the order is placed in its list: as it is, or as it was when its form was opened. */
export const placed = (order: OrderView): OrderView => orders.of(order.id) ?? order;
export const isOpened = ({ id }: OrderView): boolean => orders.has(id);
export const hold = (order: OrderView): void => void (isOpened(order) || orders.hold(order.id, order));
export const release = ({ id }: OrderView): void => orders.release(id);
