// The addresses of alerts' lives, of who is told, and of verdicts.
import { ask, look as lookAt, post, postSeen } from "../api";
import type { AlertView } from "../types";
import type { RulePrecision, VerdictsView } from "../types_care";
import type { AlertsPage, Assignment, CrewsShelf, CrewsView, Noisiest, NoticeView, NoticesPage, Remark, RosterView, Test } from "../types_crew";

const about = (alert: number, what: string) => `api/v1/alerts/${alert}/${what}`;

/** An alert as it is looked at by whoever is about to do something about it. */
export const look = (alert: number) => lookAt<AlertView>(`api/v1/alerts/${alert}`);
export const shelve = (alert: number, minutes: number, note: string, tag: string, key: string) => postSeen<AlertView>(about(alert, "shelve"), { minutes, note } satisfies CrewsShelf, tag, key);
export const unshelve = (alert: number, tag: string, key: string) => postSeen<AlertView>(about(alert, "unshelve"), {} satisfies Remark, tag, key);
/** `to` "": nobody in particular. */
export const assign = (alert: number, to: string, note: string, tag: string, key: string) => postSeen<AlertView>(about(alert, "assign"), { to, note } satisfies Assignment, tag, key);

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
