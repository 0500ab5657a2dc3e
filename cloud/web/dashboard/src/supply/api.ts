// The addresses of an article's course, of what waits to be ordered, and of what another policy would do.
import { ask, post, Refused, type Said } from "../api";
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

/** A need as it is looked at, with the tag by which the service knows whether somebody else changed it since. */
export interface Looked {
  value: Suggestion;
  tag: string;
}

export async function look(need: number): Promise<Looked> {
  const answer = await fetch(`api/v1/replenishment/${need}`, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Refused(answer.status, await said(answer));
  return { value: (await answer.json()) as Suggestion, tag: answer.headers.get("ETag") ?? "" };
}

/** What changes a need, as it was looked at. */
async function write<T>(path: string, body: unknown, tag: string, key: string): Promise<T> {
  const headers = { "X-Requested-With": "warehouse", "Content-Type": "application/json", "Idempotency-Key": key, ...(tag && { "If-Match": tag }) };
  return ask<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export const snooze = (need: number, until_ms: number, note: string, tag: string, key: string) => write<Suggestion>(`api/v1/needs/${need}/snooze`, { until_ms, note }, tag, key);
export const orderUnits = (need: number, units: number, tag: string, key: string) => write<{ orders: OrderView[] }>(`api/v1/needs/${need}/order`, { units }, tag, key);

async function said(answer: Response): Promise<Said> {
  const body = (await answer.json().catch(() => ({}))) as Partial<Said> & { code?: string };
  return { reason: body.code ?? "", detail: body.detail ?? "", hint: body.hint ?? "", field: "" };
}
