// Which alert is found where: #/alerts/TAB, one of them open as #/alerts/TAB/ID; #/alerts/ID finds its tab. Pure.
import type { AlertView } from "../types";

export const STATES = ["need", "acknowledged", "shelved", "history"] as const;
export const ABOUT = ["oncall", "quality", "notices"] as const;
export type StateTab = (typeof STATES)[number];
export type Tab = StateTab | (typeof ABOUT)[number];

export interface Place {
  /** null: where the alert `open` is. */
  tab: Tab | null;
  open: number | null;
}

export function read(part: string): Place {
  const [first = "", second = ""] = part.split("/");
  const number = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : null);
  const tab = [...STATES, ...ABOUT].find((one) => one === first);
  if (tab) return { tab, open: number(second) };
  return number(first) === null ? { tab: "need", open: null } : { tab: null, open: number(first) };
}

/** Whether such an address is one: without a tab, of a tab, of an alert. */
export const leads = (part: string): boolean => part === "" || read(part).open !== null || [...STATES, ...ABOUT].some((one) => one === part.split("/")[0]);

const TAB_OF = { firing: "need", acknowledged: "acknowledged", shelved: "shelved", resolved: "history" } as const;
export const tabOf = ({ state }: AlertView): StateTab => TAB_OF[state];

export const tabHref = (tab: Tab): string => (tab === "need" ? "#/alerts" : `#/alerts/${tab}`);
export const alertHref = (tab: Tab, id: number): string => `#/alerts/${tab}/${id}`;

/** What people decide about an alert: while that is the same, nobody did anything about it. */
export const decided = ({ state, note, assigned_to, shelved_until_ms, reopened }: AlertView): string => JSON.stringify([state, note, assigned_to, shelved_until_ms, reopened]);

/** Alerts of one zone; "" where the list is short enough to stand as it is, or they are of no zone. */
export interface Group {
  zone: string;
  /** There are others beside it. */
  titled: boolean;
  alerts: AlertView[];
}

/** From so many on, a list is told by zones. */
export const MANY = 8;

/** In the order given: the zone whose first alert comes first is first. */
export function grouped(alerts: AlertView[]): Group[] {
  if (alerts.length < MANY) return alerts.length ? [{ zone: "", titled: false, alerts }] : [];
  const zones = new Map<string, AlertView[]>();
  for (const one of alerts) zones.set(one.zone, [...(zones.get(one.zone) ?? []), one]);
  return [...zones].map(([zone, held]) => ({ zone, titled: true, alerts: held }));
}

/** What of an alert is equipment that can be mended; "" for none. */
export function assetOf({ rule, subject }: AlertView): string {
  return ASSETS.has(rule) ? subject : "";
}
const ASSETS = new Set([
  "refrigeration_capacity", "refrigeration_fault", "machine_health", "sensor_drift", "sensor_noisy", "sensor_stuck", "sensor_silent", "battery_low", "reader_read_rate",
  "device_silent", "door_open", "work_overrun",
]);
