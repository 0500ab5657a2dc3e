// The service's HTTP interface. Paths are relative, so the page also works below a path of a proxy.
import type { Snapshot } from "./types";
import type { Flaw, ProblemDetails, SeriesView, Signed, Ways } from "./types_service";
import type { Series } from "./core/series";

/** What the service says with a refusal: a code, a sentence each on what was found and what to do, and of which field.
 *  Whatever else it says is kept beside these. */
export interface Said {
  reason: string;
  detail: string;
  hint: string;
  field: string;
  errors?: Flaw[];
  told?: Record<string, string | number>;
  by?: string;
}
const NOTHING: Said = { reason: "", detail: "", hint: "", field: "" };

/** The service refused; `status` says how. A request that got no answer at all throws fetch's own TypeError. */
export class Refused extends Error {
  constructor(readonly status: number, readonly said: Said = NOTHING) {
    super(said.detail || `the service answered ${status}`);
  }
}

const OURS = { "X-Requested-With": "warehouse", "Content-Type": "application/json" };

export async function ask<T>(path: string, options: RequestInit = {}): Promise<T> {
  const answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  if (!answer.ok) throw new Refused(answer.status, await said(answer));
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** A thing as it is now, and the tag by which the service knows whether somebody else changed it since. */
export interface Looked<T> {
  value: T;
  tag: string;
}

export async function look<T>(path: string): Promise<Looked<T>> {
  const answer = await fetch(path, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Refused(answer.status, await said(answer));
  return { value: (await answer.json()) as T, tag: answer.headers.get("ETag") ?? "" };
}

async function said(answer: Response): Promise<Said> {
  try {
    const body = (await answer.json()) as Partial<Said & ProblemDetails>;
    // "/lines/0/units" is of the field "units"
    const field = body.code === "bad_request" ? (body.errors?.[0]?.pointer.split("/").findLast((step) => /\D/.test(step)) ?? "") : "";
    return { ...NOTHING, field, ...body, reason: body.code ?? "" };
  } catch {
    return NOTHING; // a proxy's page, say
  }
}

/** Ask for something to be done. `key` names this wish, so that sending it twice is doing it once. `by.user`: whose wish
 *  it is; the service refuses it where somebody else is signed in by now. */
export function post<T>(path: string, body: unknown, key: string, by?: { user: string; signal: AbortSignal }): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { ...OURS, "Idempotency-Key": key, ...(by && { "X-User": encodeURIComponent(by.user) }) }, body: JSON.stringify(body), signal: by?.signal ?? null });
}

/** The same about a thing as it was looked at (`tag`): where somebody changed it since, the service refuses. */
export function postSeen<T>(path: string, body: unknown, tag: string, key: string): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { ...OURS, "Idempotency-Key": key, ...(tag && { "If-Match": tag }) }, body: JSON.stringify(body) });
}

/** Send a file as it is. */
export function postFile<T>(path: string, file: Blob): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { ...OURS, "Content-Type": "application/octet-stream" }, body: file });
}

export const snapshot = () => ask<Snapshot>("api/v1/snapshot");
export const whoami = () => ask<Signed>("api/v1/session");
export const signIn = (user: string, password: string) => ask<Signed>("api/v1/session", { method: "POST", headers: OURS, body: JSON.stringify({ user, password }) });
export const ways = () => ask<Ways>("api/v1/session/ways");
export const changePassword = (old: string, fresh: string) => ask<Signed>("api/v1/session/password", { method: "POST", headers: OURS, body: JSON.stringify({ old, new: fresh }) });
export const signOut = () => ask<unknown>("api/v1/session", { method: "DELETE", headers: OURS });

export async function history(series: string, from: number, to: number, points: number): Promise<Series> {
  const query = new URLSearchParams({ series, from: String(Math.round(from)), to: String(Math.round(to)), points: String(points) });
  const { times, values } = await ask<SeriesView>(`api/v1/history?${query}`);
  return { t: times, v: values };
}

/** The longest note the service takes. */
export const NOTE_MAX = 500;

/** A key nobody else uses. (`crypto.randomUUID` is missing on plain http.) */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
