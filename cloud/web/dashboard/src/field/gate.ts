// A gateway as these parts ask it: through the service, over the link it keeps open; or itself, from its own page.
import { ask, freshKey, post } from "../api";
import type { DeviceCard, DeviceCards, Field, FieldDeed, LastRun, Quarantine, Replay, Replayed, Run, Tail } from "../types_field";
import type { SlotAction } from "../types_gate";

export interface Gate {
  /** Changes with the gateway. */
  id: string;
  cards: (after: string) => Promise<DeviceCards>;
  field: () => Promise<Field>;
  act: (deed: FieldDeed) => Promise<Field>;
  tail: (device: string, after: number) => Promise<Tail>;
  quarantine: (before: number, code: string) => Promise<Quarantine>;
  replay: (wish: Replay) => Promise<Replayed>;
  run: (slot: string) => Promise<Run | null>;
  begin: (slot: string, action: SlotAction) => Promise<Run>;
  cancel: (slot: string) => Promise<unknown>;
  /** The address of a part of it: `devices`, `new`, `messages/shelf-1`. */
  href: (part: string) => string;
}

/** All devices of a gateway, page by page. */
export async function allCards(gate: Gate): Promise<DeviceCard[]> {
  const all: DeviceCard[] = [];
  for (let after = ""; ; ) {
    const { items, next } = await gate.cards(after);
    all.push(...items);
    if (!next) return all;
    after = next;
  }
}

export const query = (given: Record<string, string | number>): string => String(new URLSearchParams(Object.entries(given).map(([name, value]) => [name, String(value)])));
const of = (id: string) => encodeURIComponent(id);

export function throughService(id: string): Gate {
  const at = `api/v1/gateways/${of(id)}`;
  const run = (slot: string) => `api/v1/slots/${of(slot)}/run`;
  return {
    id,
    cards: (after) => ask(`${at}/devices?${query({ after })}`),
    field: () => ask(`${at}/field`),
    act: (deed) => post(`${at}/field`, deed, freshKey()),
    tail: (device, after) => ask(`${at}/tail?${query({ device, after })}`),
    quarantine: (before, code) => ask(`${at}/quarantine?${query({ before, code })}`),
    replay: (wish) => post(`${at}/quarantine/replay`, wish, freshKey()),
    run: async (slot) => (await ask<LastRun>(run(slot))).run,
    begin: (slot, action) => post(run(slot), action, freshKey()),
    cancel: (slot) => ask(run(slot), { method: "DELETE", headers: { "X-Requested-With": "warehouse", "Idempotency-Key": freshKey() } }),
    href: (part) => `#/devices/${of(id)}${part && `/${part}`}`,
  };
}
