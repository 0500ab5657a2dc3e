// The addresses of stock, orders, suppliers and figures.
import { ask, look, post, postFile, postSeen, Refused, type Said } from "../api";
import type { ArrivalView, CountDifference, CountDifferences, CountRound, Curve, Finding, Heard, IdleRow, Offer, OrderVersion, OrderView, Portal, Reserved, Scorecard, Sourced, Standing } from "./types";

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
export const SITE = "api/v1/orders";
export const PORTAL = "api/v1/portal/orders";

export const order = (number: number) => ask<{ order: OrderView; versions: OrderVersion[]; sourced?: Record<string, Sourced> }>(`api/v1/orders/${number}`);
export const step = (base: string, number: number, action: string, body: StepBody, key: string) => post<OrderView>(`${base}/${number}/${action}`, body, key);
export const draft = (supplier: string, lines: { sku: string; units: number }[], note: string, key: string) => post<OrderView>("api/v1/orders", { supplier, lines, note }, key);
export const offers = (need: number) => ask<Offer[]>(`api/v1/needs/${need}/offers`);
/** `supplier` "": as proposed. */
export const orderNeed = (need: number, units: number, supplier: string, key: string) => post<{ orders: OrderView[] }>(`api/v1/needs/${need}/order`, supplier ? { units, supplier } : { units }, key);

export interface Came {
  units: number;
  rejected?: number;
  lot?: string;
  expiry?: string;
  note?: string;
  /** More came than is taken in without asking, and all of it is kept. */
  anyway?: boolean;
}
export const lookAtArrival = (arrival: string) => look<ArrivalView>(`api/v1/arrivals/${id(arrival)}`);
/** `tag`: of the arrival as it was looked at; "": as many as are named, whatever came since. */
export const arrived = (arrival: string, came: Came, tag: string, key: string) => postSeen<unknown>(`api/v1/arrivals/${id(arrival)}/confirm`, came, tag, key);

export const suppliers = () => ask<Scorecard[]>("api/v1/suppliers");
/** `seen_ms`: when the score that was looked at was given, 0 where there was none. */
export const score = (supplier: string, criterion: string, value: number, note: string, seen_ms: number, key: string) =>
  post<unknown>(`api/v1/suppliers/${id(supplier)}/scores`, { criterion, value, note, seen_ms }, key);

export const idle = (measure: string) => ask<{ rows: IdleRow[] }>(`api/v1/measures/${measure}`);
export const curve = (sku: string) => ask<Curve>(`api/v1/skus/${id(sku)}/curve`);
export const standing = (sku: string) => ask<Standing>(`api/v1/skus/${id(sku)}/position`);

export const reserved = () => ask<Reserved[]>("api/v1/reservations");

export const round = () => ask<CountRound>("api/v1/counts");
export const differences = () => ask<CountDifferences>("api/v1/counts/differences");
/** What counts found at a place, as whoever decides about it has seen it. */
const asSeen = ({ place, sku, counted, expected }: CountDifference) => ({ place, sku, seen: { counted, expected } });
export const approve = (one: CountDifference, key: string) => post<Finding>("api/v1/counts/approve", asSeen(one), key);
export const countAgain = (one: CountDifference, key: string) => post<unknown>("api/v1/counts/again", asSeen(one), key);

export const portal = () => ask<Portal>("api/v1/portal");
export interface PlanLine {
  sku: string;
  units: number;
  due_ms?: number;
  /** What was to come of it as it was planned. */
  coming: number;
}
export const plan = (lines: PlanLine[], key: string) => post<OrderView>("api/v1/portal/plan", { lines }, key);
/** `seen`: what had been told of these before, as far as whoever tells it now has seen. */
export const stock = (skus: Record<string, number | null>, seen: Record<string, number | null>, key: string) => post<{ skus: Record<string, number>; not_offered: string[] }>("api/v1/portal/stock", { skus, seen }, key);
/** What came of a paper. Where nothing of it was done the service refuses it, and says of what all the same. */
export async function hear(paper: Blob): Promise<Heard> {
  try {
    return await postFile<Heard>("api/v1/portal/papers", paper);
  } catch (error) {
    const told = error instanceof Refused ? (error.said as Said & Partial<Heard>) : null;
    if (!told?.done) throw error;
    return { done: told.done, problems: told.problems ?? [] };
  }
}
