// What all parts of the page look at. Signals only; who changes them: link.ts (book, link), account.ts (session).
import { computed, signal } from "@preact/signals";
import type { Book } from "./core/book";
import type { NeedView, SlotView } from "./types";
import type { Signed } from "./types_service";
import { byCover, byEnd, byHealth, byLink, byNeed, byState, byUrgency } from "./core/order";

export type LinkState = "connecting" | "live" | "stale";
export type Right = Signed["rights"][number];

/** undefined: not known yet. null: nobody is signed in. */
export const session = signal<Signed | null | undefined>(undefined);
export const book = signal<Book | null>(null);
export const link = signal<LinkState>("connecting");
/** The service's time now, in ms, by whole seconds. */
export const now = signal(Date.now());
/** The service's time of the last frame. */
export const heardAt = signal(0);
export const unreachable = signal(false);
/** The page is as narrow as a phone. */
export const narrow = signal(false);
/** Wide enough for columns whose lists scroll by themselves. */
export const roomy = signal(true);
/** Wide enough for the names of all pages. */
export const broad = signal(true);

/** A screen on a wall, that nobody touches: /wall. */
export const wall = typeof location !== "undefined" && location.pathname.endsWith("/wall");

/** Single keys are shortcuts, unless they were switched off on this device. */
export const keys = signal(typeof localStorage === "undefined" || localStorage.getItem("keys") !== "off");

const EMPTY = new Map<string | number, never>();
const part = <K extends "slots" | "skus" | "needs" | "alerts" | "zones" | "devices" | "gateways" | "orders" | "arrivals" | "measures" | "rooms" | "assets" | "works">(name: K) => computed<Book[K]>(() => book.value?.[name] ?? EMPTY);

export const site = computed(() => book.value?.site);
export const kpi = computed(() => book.value?.kpi);
export const slots = part("slots");
export const skus = part("skus");
export const zones = part("zones");
export const devices = part("devices");
const needs = part("needs");
const alerts = part("alerts");
export const gateways = part("gateways");
export const orders = part("orders");
export const arrivals = part("arrivals");
export const measures = part("measures");

/** A need that still stands: proposed, or observed where the site only wants to know. */
const isOpen = ({ state }: NeedView) => state !== "fulfilled" && state !== "withdrawn";
export const alertsInOrder = computed(() => [...alerts.value.values()].filter((one) => one.state !== "resolved").sort(byUrgency));
export const alertsResolved = computed(() => [...alerts.value.values()].filter((one) => one.state === "resolved").sort(byEnd));
export const needsInOrder = computed(() => [...needs.value.values()].filter(isOpen).sort(byNeed));
export const needsDone = computed(() => [...needs.value.values()].filter((one) => !isOpen(one)).sort(byEnd));
export const skusInOrder = computed(() => [...skus.value.values()].sort(byCover));
export const devicesInOrder = computed(() => [...devices.value.values()].sort(byHealth));
export const gatewaysInOrder = computed(() => [...gateways.value.values()].sort(byLink));
/** How many slots are in each state. */
export const tally = computed(() => {
  const of: Record<SlotView["status"], number> = { ok: 0, low: 0, empty: 0, over: 0, unknown: 0, silent: 0 };
  for (const slot of slots.value.values()) of[slot.status] += 1;
  return of;
});
export const abnormalCount = computed(() => slots.value.size - tally.value.ok);
/** Sought out only while somebody looks at them. */
export const abnormalSlots = computed(() => [...slots.value.values()].filter((slot) => slot.status !== "ok").sort(byState));
/** The slots of which nobody knows what they hold, by SKU; the same object while there are none. */
export const unknownSlots = computed<ReadonlyMap<string | number, SlotView[]>>(() => {
  const bySku = new Map<string, SlotView[]>();
  for (const slot of slots.value.values()) if (slot.count === null) bySku.set(slot.sku, [...(bySku.get(slot.sku) ?? []), slot]);
  return bySku.size ? bySku : EMPTY;
});

/** May whoever is signed in do what asks for this right? The service has the last word. */
export const may = (right: Right): boolean => session.value?.rights.includes(right) ?? false;

export const zoneName = (id: string): string => zones.value.get(id)?.name || id;
export const skuName = (id: string): string => skus.value.get(id)?.name || id;
/** As an order of it tells; its id where none does. */
export const supplierName = (id: string): string => [...orders.value.values()].find((one) => one.supplier === id)?.supplier_name || id;
export const deviceName = (id: string): string => devices.value.get(id)?.name || id;

/** Does who measured this series of the history still speak? What a silent device, or one whose gateway is away, said last is not how it is now. */
export function speaks(series: string): boolean {
  const state = devices.value.get(series.split("/")[0]!)?.state;
  return state === undefined || state === "ok" || state === "unseen";
}

/** The gateway of a device, as far as that is known; "" else. */
export const gatewayOf = (device: string): string => devices.value.get(device)?.gateway || (gateways.value.size === 1 ? String([...gateways.value.keys()][0]) : "");

/** Until when it was known what lies in a slot that is not heard of now. */
export function heldAt({ device, at_ms }: SlotView): number {
  const gateway = gateways.value.get(gatewayOf(device));
  return (gateway && !gateway.connected ? gateway.last_seen_ms : devices.value.get(device)?.last_seen_ms) || at_ms;
}

let lastLost: ReadonlyMap<string | number, number> = EMPTY;
/** Of which articles not all that lies there is as of now, and as of when it is; the same object while that is the same:
 *  every row looks here. */
export const lost = computed<ReadonlyMap<string | number, number>>(() => {
  if (!tally.value.silent) return (lastLost = EMPTY);
  const bySku = new Map<string, number>();
  for (const slot of slots.value.values()) if (slot.status === "silent") bySku.set(slot.sku, Math.min(bySku.get(slot.sku) ?? Infinity, heldAt(slot)));
  const same = bySku.size === lastLost.size && [...bySku].every(([sku, since]) => lastLost.get(sku) === since);
  return same ? lastLost : (lastLost = bySku);
});
