// The addresses of an article's course, of what waits to be ordered, and of what another policy would do.
import { ask, look as lookAt, type Looked as Seen, post, postSeen } from "../api";
import type { OrderView } from "../types";
import type { BackTest, Chosen, Queue, SkuCourse, Suggestion, WhatIf } from "../types_supply";

const id = encodeURIComponent;

export const course = (sku: string, days: number) => ask<SkuCourse>(`api/v1/skus/${id(sku)}/course?days=${days}`);
export const queue = () => ask<Queue>("api/v1/replenishment");
export const backtest = (sku: string) => ask<BackTest>(`api/v1/backtest?sku=${id(sku)}`);

export interface Asking {
  demand: number;
  lead: number;
  /** In tenths of a percent; 0: as it is. */
  level: number;
}
export const whatIf = (sku: string, { demand, lead, level }: Asking) => ask<WhatIf>(`api/v1/what-if?sku=${id(sku)}&demand=${demand}&lead=${lead}${level ? `&level=${level}` : ""}`);

export const drafts = (needs: Chosen[], key: string) => post<{ orders: OrderView[] }>("api/v1/replenishment/drafts", { needs }, key);

/** A need as it is looked at. */
export type Looked = Seen<Suggestion>;
export const look = (need: number) => lookAt<Suggestion>(`api/v1/replenishment/${need}`);

export const snooze = (need: number, until_ms: number, note: string, tag: string, key: string) => postSeen<Suggestion>(`api/v1/needs/${need}/snooze`, { until_ms, note }, tag, key);
export const orderUnits = (need: number, units: number, tag: string, key: string) => postSeen<{ orders: OrderView[] }>(`api/v1/needs/${need}/order`, { units }, tag, key);
