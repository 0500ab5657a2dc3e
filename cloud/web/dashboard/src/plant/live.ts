// Equipment, orders and rooms as they are now, from the live book.
import { computed } from "@preact/signals";
import { book } from "../state";
import type { AssetView, RoomView, WorkView } from "../types";

type ById<T> = ReadonlyMap<string | number, T>;
const NONE = new Map<string | number, never>();

export const assets = computed<ById<AssetView>>(() => book.value?.assets ?? NONE);
export const works = computed<ById<WorkView>>(() => book.value?.works ?? NONE);
export const rooms = computed<ById<RoomView>>(() => book.value?.rooms ?? NONE);
