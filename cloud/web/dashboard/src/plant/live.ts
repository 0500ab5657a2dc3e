// Equipment, orders and rooms as they are now. They are asked for every few seconds while a page that shows them is open.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import * as api from "./api";
import type { AssetView, RoomView, WorkView } from "./types";

const AGAIN_MS = 5000;

type ById<T> = ReadonlyMap<T extends { id: infer I } ? I : never, T>;
/** null: not there yet. */
export const assets = signal<ById<AssetView> | null>(null);
export const works = signal<ById<WorkView> | null>(null);
export const rooms = signal<ById<RoomView> | null>(null);
/** What could not be asked for last time. */
export const missing = signal(false);

const byId = <T extends { id: string | number }>(all: T[]) => new Map(all.map((one) => [one.id, one])) as unknown as ById<T>;

async function load(): Promise<void> {
  const [held, orders, cold] = await Promise.allSettled([api.assets(), api.works(), api.rooms()]);
  if (held.status === "fulfilled") assets.value = byId(held.value);
  if (orders.status === "fulfilled") works.value = byId(orders.value);
  if (cold.status === "fulfilled") rooms.value = byId(cold.value);
  missing.value = [held, orders, cold].some((one) => one.status === "rejected");
}

/** An order the service returned, before it is told to all. */
export function adoptWork(order: WorkView): void {
  works.value = new Map([...(works.value ?? []), [order.id, order]]);
}

/** Ask again at once. */
export const refresh = () => void load();

/** Keeps them fresh while the page that calls it is shown. */
export function useLive(): void {
  useEffect(() => {
    void load();
    const timer = setInterval(() => document.visibilityState === "visible" && void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
}
