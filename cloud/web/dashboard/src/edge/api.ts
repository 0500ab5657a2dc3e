// The gateway's own API, from its own page: the same parts as in the dashboard, asked at home.
import { query, type Gate } from "../field/gate";
import { Refused, type Said } from "../api";
import type { DeviceCards, Field, LastRun, Quarantine, Replayed, Run, Tail } from "../types_field";
import type { GatewayStatus } from "../types_gate";

export interface Standing {
  looks: boolean;
  acts: boolean;
}

/** A slot as the gateway counts it. */
export interface StockRow {
  slot: string;
  sku: string;
  count: number | null;
  low: number;
  high: number;
  confidence: number;
  at_ms: number;
  reason: string;
  remedy: string;
  booked: number | null;
  differs: boolean;
}

const OURS = { "X-Requested-With": "warehouse" };

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`api/v1/${path}`, {
    credentials: "same-origin",
    cache: "no-store",
    headers: body === undefined ? OURS : { ...OURS, "Content-Type": "application/json" },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  const told: unknown = await answer.json().catch(() => ({}));
  if (answer.ok) return told as T;
  const problem = told as Partial<Said> & { code?: string };
  throw new Refused(answer.status, { reason: problem.code ?? "", detail: problem.detail ?? "", hint: problem.hint ?? "", field: "", told: problem.told });
}

const of = (id: string) => encodeURIComponent(id);
export const status = () => ask<GatewayStatus>("status");
export const stock = () => ask<StockRow[]>("stock");
export const standing = () => ask<Standing>("session");
export const signIn = (token: string) => ask<Standing>("session", { token });
export const signOut = () => ask<Standing>("session/end", {});

export const HOME: Gate = {
  id: "",
  cards: (after) => ask<DeviceCards>(`devices?${query({ after })}`),
  field: () => ask<Field>("field"),
  act: (deed) => ask<Field>("field", deed),
  tail: (device, after) => ask<Tail>(`tail?${query({ device, after })}`),
  quarantine: (before, code) => ask<Quarantine>(`quarantine?${query({ before, code })}`),
  replay: (wish) => ask<Replayed>("quarantine/replay", wish),
  run: async (slot) => (await ask<LastRun>(`slots/${of(slot)}/run`)).run,
  begin: (slot, action) => ask<Run>(`slots/${of(slot)}/run`, action),
  cancel: (slot) => ask<LastRun>(`slots/${of(slot)}/run/cancel`, {}),
  href: (part) => `#/${part}`,
};
