// The addresses of alerts' lives, of who is told, and of verdicts.
import { ask, post } from "../api";
import type { AlertView } from "../types";
import type { Judged, Noisiest, Notices, NoticeView, OnCall, Roster, RulePrecision, Verdicts } from "./types";
import type { Wish } from "./outbox";

const about = (alert: number, what: string) => `api/v1/alerts/${alert}/${what}`;

export const shelve = (alert: number, minutes: number, note: string, key: string) => post<AlertView>(about(alert, "shelve"), { minutes, note }, key);
export const unshelve = (alert: number, key: string) => post<AlertView>(about(alert, "unshelve"), {}, key);
/** `to` "": nobody in particular. */
export const assign = (alert: number, to: string, note: string, key: string) => post<AlertView>(about(alert, "assign"), { to, note }, key);
export const judge = ({ alert, said, at_ms, key, hours, note }: Wish) => post<Judged>(about(alert, "verdict"), { said, at_ms, key, ...(said === "not_now" && { hours, note }) }, key);

export const verdicts = (alert: number) => ask<Verdicts>(about(alert, "verdict"));

export const onCall = () => ask<OnCall>("api/v1/oncall");
export const roster = (days: number) => ask<Roster>(`api/v1/roster?days=${days}`);
export const noisiest = (days: number) => ask<Noisiest>(`api/v1/noisiest?days=${days}`);
export const precision = () => ask<RulePrecision[]>("api/v1/precision");
/** `before`: those older than this one; 0 for the newest. */
export const notices = (before: number, limit: number) => ask<Notices>(`api/v1/notices?${new URLSearchParams({ limit: String(limit), ...(before && { before: String(before) }) })}`);
export const testNotice = (person: string, key: string) => post<NoticeView>("api/v1/notices/test", { person }, key);
