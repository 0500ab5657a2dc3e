// A history series as a signal: loaded, loaded again every minute, and grown by live samples in between.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import * as api from "../api";
import { appended, type Series } from "../core/series";
import { now } from "../state";

export const HOUR_MS = 3_600_000;
const AGAIN_MS = 60_000;
const POINTS = 300;

export interface Loaded {
  series: Series | null;
  failed: boolean;
}

export function useHistory(key: string, hours: number, live?: { at: number; value: number | null }): Signal<Loaded> {
  const held = useSignal<Loaded>({ series: null, failed: false });
  useEffect(() => {
    let gone = false;
    const load = async () => {
      if (document.visibilityState === "hidden" && held.value.series) return;
      try {
        const to = now.value;
        const series = await api.history(key, to - hours * HOUR_MS, to, POINTS);
        if (!gone) held.value = { series, failed: false };
      } catch {
        if (!gone) held.value = { ...held.value, failed: true };
      }
    };
    void load();
    const timer = setInterval(load, AGAIN_MS);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key, hours]);
  useEffect(() => {
    const { series } = held.value;
    if (series && live && live.value !== null) {
      const grown = appended(series, live.at, live.value, now.value - hours * HOUR_MS);
      if (grown !== series) held.value = { ...held.value, series: grown };
    }
  }, [live?.at, live?.value, held.value.series]);
  return held;
}
