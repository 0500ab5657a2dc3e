// Tells the portal that something of it changed, so that it asks again.
import { signal } from "@preact/signals";

export const news = signal(0);
export const refreshed = (): void => void (news.value += 1);
