// What the pages of the site and of channels ask and tell.
import { ask, look, type Refused } from "../api";
import type {
  ChannelChange, ChannelMade, ChannelSettings, ChannelsView, ChannelTried, NewChannel, SiteFlaw, SitePreview, SiteState, SiteTable, SiteThing,
} from "../types_site";

export type Table = SiteTable["table"];
export const TABLES: Table[] = ["zones", "racks", "slots", "skus", "devices"];
/** What a refusal of these pages tells beside its words. */
export interface More {
  errors?: SiteFlaw[];
  by?: string;
  changed_ms?: number;
}
export const more = (error: Refused): More => error.said as unknown as More;

const OURS = { "X-Requested-With": "warehouse", "Content-Type": "application/json" };
function send<T>(path: string, body: unknown, key: string, tag = "", method = "POST"): Promise<T> {
  const headers = { ...OURS, "Idempotency-Key": key, ...(tag && { "If-Match": tag.startsWith('"') ? tag : `"${tag}"` }) };
  return ask<T>(path, { method, headers, ...(method === "POST" && { body: JSON.stringify(body) }) });
}
const SITE = "api/v1/site";
const one = (table: Table, id: string) => `${SITE}/${table}/${encodeURIComponent(id)}`;

/** The file as it is shown, and the tag by which the service knows whether somebody changed it since. */
export type Shown = SiteState & { tag: string };
export const state = (): Promise<Shown> => look<SiteState>(SITE).then(({ value, tag }) => ({ ...value, tag }));
export const table = (name: Table) => ask<SiteTable>(`${SITE}/${name}`);
export const thing = (name: Table, id: string) => ask<SiteThing>(one(name, id));
export const add = (name: Table, values: Record<string, unknown>, insist: boolean, key: string) => send<SiteThing>(`${SITE}/${name}`, { values, insist }, key);
export const change = (name: Table, id: string, values: Record<string, unknown>, insist: boolean, key: string, tag: string) => send<SiteThing>(one(name, id), { values, insist }, key, tag);
export const remove = (name: Table, id: string, insist: boolean, key: string, tag: string) => send<SiteState>(`${one(name, id)}/removal`, { insist }, key, tag);
export const undo = (key: string, tag: string) => send<SiteState>(`${SITE}/undo`, {}, key, tag);
export const use = (key: string, tag: string) => send<SiteState>(`${SITE}/use`, {}, key, tag);
export const give = (gateway: string, key: string) => send<SiteState>(`${SITE}/gateways/${encodeURIComponent(gateway)}`, {}, key);
export const sheetOf = (name: Table) => `${SITE}/${name}.csv`;
export const preview = (name: Table, file: Blob) => ask<SitePreview>(sheetOf(name), { method: "POST", headers: { "X-Requested-With": "warehouse", "Content-Type": "text/csv" }, body: file });
export const apply = (digest: string, insist: boolean, key: string) => send<SiteState>(`${SITE}/previews/${digest}`, { insist }, key);

const CHANNELS = "api/v1/channels";
const channel = (name: string) => `${CHANNELS}/${encodeURIComponent(name)}`;
export const channels = () => ask<ChannelsView>(CHANNELS);
export const addChannel = (wanted: NewChannel, key: string) => send<ChannelMade>(CHANNELS, wanted, key);
export const changeChannel = (name: string, wanted: ChannelChange, key: string, tag: string) => send<ChannelMade>(channel(name), wanted, key, tag);
export const removeChannel = (name: string, key: string, tag: string) => send<void>(channel(name), {}, key, tag, "DELETE");
export const testChannel = (name: string, key: string) => send<ChannelTried>(`${channel(name)}/test`, {}, key);
export const settleChannels = (wanted: ChannelSettings, key: string, tag: string) => send<ChannelsView>("api/v1/channel-settings", wanted, key, tag);
