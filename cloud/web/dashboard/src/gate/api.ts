// What gateways answer when they are asked, over HTTP.
import { ask, freshKey, post } from "../api";
import type { Badness, Command, Done, Explained, GatewayStatus, SlotAction, Stranger } from "../types_gate";

const of = (id: string) => encodeURIComponent(id);
export const explained = (slot: string) => ask<Explained>(`api/v1/slots/${of(slot)}/explained`);
export const status = (gateway: string) => ask<GatewayStatus>(`api/v1/gateways/${of(gateway)}/status`);
export const problems = (gateway: string) => ask<Badness>(`api/v1/gateways/${of(gateway)}/problems`);
export const strangers = (gateway: string) => ask<Stranger[]>(`api/v1/gateways/${of(gateway)}/strangers`);
export const act = (slot: string, action: SlotAction) => post<Record<string, unknown>>(`api/v1/slots/${of(slot)}/actions`, action, freshKey());
export const command = (device: string, given: Command) => post<Done>(`api/v1/devices/${of(device)}/commands`, given, freshKey());
