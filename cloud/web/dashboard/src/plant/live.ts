// Equipment, orders and rooms as they are now, from the live book.
import { computed } from "@preact/signals";
import { book, devices, gateways } from "../state";
import type { AssetView, RoomView, WorkView } from "../types";

type ById<T> = ReadonlyMap<string | number, T>;
const NONE = new Map<string | number, never>();

/** Equipment that hangs on a gateway that is away can not be judged, whatever was known of it then. */
export const assets = computed<ById<AssetView>>(() => {
  const all = book.value?.assets ?? NONE;
  if (![...gateways.value.values()].some((one) => !one.connected)) return all;
  const lost = ({ id, part_of }: AssetView) => devices.value.get(part_of || id)?.state === "away" || gateways.value.get(id)?.connected === false;
  return new Map([...all].map(([id, one]) => [id, lost(one) && one.state !== "unseen" ? { ...one, state: "blind" as const } : one]));
});
export const works = computed<ById<WorkView>>(() => book.value?.works ?? NONE);
export const rooms = computed<ById<RoomView>>(() => book.value?.rooms ?? NONE);
