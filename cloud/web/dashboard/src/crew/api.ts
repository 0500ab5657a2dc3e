// The addresses of alerts' lives, of who is told, and of verdicts.
import { ask, post } from "../api";
import type { AlertView } from "../types";
import type { RulePrecision, VerdictsView } from "../types_care";
import type { AlertsPage, Assignment, CrewsShelf, CrewsView, Noisiest, NoticeView, NoticesPage, Remark, RosterView, Test } from "../types_crew";

const about = (alert: number, what: string) => `api/v1/alerts/${alert}/${what}`;

export const shelve = (alert: number, minutes: number, note: string, key: string) => post<AlertView>(about(alert, "shelve"), { minutes, note } satisfies CrewsShelf, key);
export const unshelve = (alert: number, key: string) => post<AlertView>(about(alert, "unshelve"), {} satisfies Remark, key);
/** `to` "": nobody in particular. */
export const assign = (alert: number, to: string, note: string, key: string) => post<AlertView>(about(alert, "assign"), { to, note } satisfies Assignment, key);

export const verdictPath = (alert: number) => about(alert, "verdict");
export const verdicts = (alert: number) => ask<VerdictsView>(verdictPath(alert));

/** An alert, however long ago it fired. */
export const past = (alert: number) => ask<AlertView>(`api/v1/alerts/${alert}`);
/** Those that are over; fields that are "" limit nothing. */
export const ended = (by: Record<string, string>) => ask<AlertsPage>(`api/v1/alerts/ended?${new URLSearchParams(Object.entries(by).filter(([, value]) => value))}`);

export const onCall = () => ask<CrewsView>("api/v1/oncall");
export const roster = (days: number) => ask<RosterView>(`api/v1/roster?days=${days}`);
export const noisiest = (days: number) => ask<Noisiest>(`api/v1/noisiest?days=${days}`);
export const precision = () => ask<RulePrecision[]>("api/v1/precision");
/** `after`: the `next` of the page before; "" for the newest. */
export const notices = (after: string, limit: number) => ask<NoticesPage>(`api/v1/notices?${new URLSearchParams({ limit: String(limit), ...(after && { after }) })}`);
export const testNotice = (person: string, key: string) => post<NoticeView>("api/v1/notices/test", { person } satisfies Test, key);
