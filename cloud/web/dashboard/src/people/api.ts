// What the pages of accounts ask and tell.
import { ask, look, post, postSeen } from "../api";
import type { DeedsPage, NewToken, NewUser, SessionView, TokenMade, TokenView, UserChange, UserMade, UserView } from "../types_people";

const OURS = { "X-Requested-With": "warehouse" };
const all = (every: boolean) => (every ? "?all=yes" : "");
const remove = (path: string, tag = "") => ask<void>(path, { method: "DELETE", headers: { ...OURS, ...(tag && { "If-Match": tag }) } });
const user = (name: string) => `api/v1/users/${encodeURIComponent(name)}`;

export const sessions = (every: boolean) => ask<SessionView[]>(`api/v1/sessions${all(every)}`);
export const endSession = (id: string) => remove(`api/v1/sessions/${id}`);
export const tokens = (every: boolean) => ask<TokenView[]>(`api/v1/tokens${all(every)}`);
export const makeToken = (wanted: NewToken, key: string) => post<TokenMade>("api/v1/tokens", wanted, key);
export const dropToken = (id: string) => remove(`api/v1/tokens/${id}`);
export const users = () => ask<UserView[]>("api/v1/users");
export const addUser = (wanted: NewUser, key: string) => post<UserMade>("api/v1/users", wanted, key);
export const lookAt = (name: string) => look<UserView>(user(name));
export const changeUser = (name: string, change: UserChange, key: string, tag = "") => postSeen<UserView>(user(name), change, tag, key);
export const newPassword = (name: string, key: string, tag: string) => postSeen<UserMade>(`${user(name)}/password`, {}, tag, key);
export const removeUser = (name: string, tag: string) => remove(user(name), tag);
export const deeds = (query: Record<string, string>) => ask<DeedsPage>(`api/v1/audit?${new URLSearchParams(query)}`);
