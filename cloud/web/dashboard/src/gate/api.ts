// What gateways answer when they are asked, over HTTP.
import { ask, freshKey, post } from "../api";
import type { Done, Explained, GatewayStatus } from "../types_gate";

const of = (id: string) => encodeURIComponent(id);
export const explained = (slot: string) => ask<Explained>(`api/v1/slots/${of(slot)}/explained`);
export const status = (gateway: string) => ask<GatewayStatus>(`api/v1/gateways/${of(gateway)}/status`);
export const light = (slot: string) => post<Done>(`api/v1/slots/${of(slot)}/light`, {}, freshKey());
