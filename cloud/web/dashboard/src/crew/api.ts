// The addresses of alerts' lives, of who is told, and of verdicts.
import { ask, post } from "../api";
import type { AlertView } from "../types";
import type { Assignment, CrewsView, EndedView, Judged, Noisiest, NoticesView, NoticeView, Remark, RosterView, RulePrecision, Shelf, Test, Told, Verdicts } from "./types";
import type { Wish } from "./outbox";

const about = (alert: number, what: string) => `api/v1/alerts/${alert}/${what}`;

export const shelve = (alert: number, minutes: number, note: string, key: string) => post<AlertView>(about(alert, "shelve"), { minutes, note } satisfies Shelf, key);
export const unshelve = (alert: number, key: string) => post<AlertView>(about(alert, "unshelve"), {} satisfies Remark, key);
/** `to` "": nobody in particular. */
export const assign = (alert: number, to: string, note: string, key: string) => post<AlertView>(about(alert, "assign"), { to, note } satisfies Assignment, key);
export const judge = ({ alert, said, at_ms, key, hours, note }: Wish) => post<Judged>(about(alert, "verdict"), { said, at_ms, key, ...(said === "not_now" && { hours, note }) } satisfies Told, key);

export const verdicts = (alert: number) => ask<Verdicts>(about(alert, "verdict"));

/** An alert, however long ago it fired. */
export const past = (alert: number) => ask<AlertView>(`api/v1/alerts/${alert}`);
/** Those that are over; fields that are "" limit nothing. */
export const ended = (by: Record<string, string>) => ask<EndedView>(`api/v1/alerts/ended?${new URLSearchParams(Object.entries(by).filter(([, value]) => value))}`);

export const onCall = () => ask<CrewsView>("api/v1/oncall");
export const roster = (days: number) => ask<RosterView>(`api/v1/roster?days=${days}`);
export const noisiest = (days: number) => ask<Noisiest>(`api/v1/noisiest?days=${days}`);
export const precision = () => ask<RulePrecision[]>("api/v1/precision");
/** `before`: those older than this one; 0 for the newest. */
export const notices = (before: number, limit: number) => ask<NoticesView>(`api/v1/notices?${new URLSearchParams({ limit: String(limit), ...(before && { before: String(before) }) })}`);
export const testNotice = (person: string, key: string) => post<NoticeView>("api/v1/notices/test", { person } satisfies Test, key);
