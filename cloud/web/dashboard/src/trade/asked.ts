// What is asked for once, when its part of the page is opened, and again every so often.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Refused } from "../api";
import { askWho } from "../link";

export interface Asked<T> {
  /** null: not there yet. */
  value: T | null;
  failed: boolean;
}

/** Asks for `what` of `key`, and again whenever the key changes or `every_ms` pass. The second result asks at once. */
export function useAsked<T>(key: string, what: () => Promise<T>, every_ms = 0): [Signal<Asked<T>>, () => void] {
  const held = useSignal<Asked<T>>({ value: null, failed: false });
  const again = useRef(() => {});
  useEffect(() => {
    let gone = false;
    let asking = 0;
    const load = async () => {
      const mine = ++asking; // an answer that was overtaken is not shown
      try {
        const value = await what();
        if (!gone && mine === asking) held.value = { value, failed: false };
      } catch (error) {
        if (error instanceof Refused && (error.status === 401 || error.status === 403)) void askWho();
        if (!gone && mine === asking) held.value = { ...held.value, failed: true };
      }
    };
    again.current = () => void load();
    void load();
    const timer = every_ms ? setInterval(() => document.visibilityState === "visible" && void load(), every_ms) : undefined;
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [key]);
  return [held, () => again.current()];
}
