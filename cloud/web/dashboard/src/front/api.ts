// The worst trends, asked for while they are shown.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api";
import type { TrendView } from "../types_front";

const AGAIN_MS = 60_000;
export const trends = signal<TrendView[] | null>(null);
export const failed = signal(false);

async function load(): Promise<void> {
  if (document.visibilityState === "hidden" && trends.value) return;
  try {
    trends.value = await ask<TrendView[]>("api/v1/trends");
    failed.value = false;
  } catch {
    failed.value = true;
  }
}

/** Asked for now, and again every minute. */
export function useTrends(): void {
  useEffect(() => {
    void load();
    const timer = setInterval(() => void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
}
