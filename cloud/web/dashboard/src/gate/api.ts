// What gateways answer when they are asked, over HTTP.
import { ask, freshKey, post } from "../api";
import type { Command, Done, Explained, GatewayStatus } from "../types_gate";

const of = (id: string) => encodeURIComponent(id);
export const explained = (slot: string) => ask<Explained>(`api/v1/slots/${of(slot)}/explained`);
export const status = (gateway: string) => ask<GatewayStatus>(`api/v1/gateways/${of(gateway)}/status`);
export const command = (device: string, given: Command) => post<Done>(`api/v1/devices/${of(device)}/commands`, given, freshKey());
