// The addresses of stock, orders, suppliers and figures.
import { ask, post, postFile, Refused, type Said } from "../api";
import type { CountRound, Curve, Finding, Heard, IdleRow, Offer, OrderVersion, OrderView, Portal, Reserved, Scorecard, Sourced, Standing } from "./types";

const id = encodeURIComponent;

export interface StepLine {
  sku: string;
  units?: number;
  received?: number;
  rejected?: number;
  unit_price?: number;
  due_ms?: number;
}
export interface StepBody {
  version: number;
  note?: string;
  lines?: StepLine[];
  /** Though too much came, or goods are on their way. */
  anyway?: boolean;
  /** The number of the delivery note or dispatch advice. */
  key?: string;
}

/** Where orders are acted on: by the site, or by the supplier they are of. */
export const SITE = "api/orders";
export const PORTAL = "api/portal/orders";

export const order = (number: number) => ask<{ order: OrderView; versions: OrderVersion[]; sourced?: Record<string, Sourced> }>(`api/orders/${number}`);
export const step = (base: string, number: number, action: string, body: StepBody, key: string) => post<OrderView>(`${base}/${number}/${action}`, body, key);
export const draft = (supplier: string, lines: { sku: string; units: number }[], note: string, key: string) => post<OrderView>("api/orders", { supplier, lines, note }, key);
export const offers = (need: number) => ask<Offer[]>(`api/needs/${need}/offers`);
/** `supplier` "": as proposed. */
export const orderNeed = (need: number, supplier: string, key: string) => post<{ orders: OrderView[] }>(`api/needs/${need}/order`, supplier ? { supplier } : {}, key);

export interface Came {
  units: number;
  rejected?: number;
  lot?: string;
  expiry?: string;
  note?: string;
  /** More came than is taken in without asking, and all of it is kept. */
  anyway?: boolean;
}
export const arrived = (arrival: string, came: Came, key: string) => post<unknown>(`api/arrivals/${id(arrival)}/confirm`, came, key);

export const suppliers = () => ask<Scorecard[]>("api/suppliers");
export const score = (supplier: string, criterion: string, value: number, note: string, key: string) =>
  post<unknown>(`api/suppliers/${id(supplier)}/scores`, { criterion, value, note }, key);

export const idle = (measure: string) => ask<{ rows: IdleRow[] }>(`api/measures/${measure}`);
export const curve = (sku: string) => ask<Curve>(`api/skus/${id(sku)}/curve`);
export const standing = (sku: string) => ask<Standing>(`api/skus/${id(sku)}/position`);

export const reserved = () => ask<Reserved[]>("api/reservations");

export const round = () => ask<CountRound>("api/counts");
export const count = (place: string, sku: string, counted: number, at_ms: number, key: string) => post<Finding>("api/counts", { place, sku, counted, at_ms }, key);

export const portal = () => ask<Portal>("api/portal");
export interface PlanLine {
  sku: string;
  units: number;
  due_ms?: number;
}
export const plan = (lines: PlanLine[], key: string) => post<OrderView>("api/portal/plan", { lines }, key);
export const stock = (skus: Record<string, number | null>, key: string) => post<{ skus: Record<string, number>; not_offered: string[] }>("api/portal/stock", { skus }, key);
/** What came of a paper. Where nothing of it was done the service refuses it, and says of what all the same. */
export async function hear(paper: Blob): Promise<Heard> {
  try {
    return await postFile<Heard>("api/portal/papers", paper);
  } catch (error) {
    const told = error instanceof Refused ? (error.said as Said & Partial<Heard>) : null;
    if (!told?.done) throw error;
    return { done: told.done, problems: told.problems ?? [] };
  }
}
