// Something that is asked again and again while it is looked at.
import { useEffect } from "preact/hooks";

/** Calls at once and then every so many ms, one at a time, while the page is seen; anew when `about` changes. */
export function useEvery(ms: number, about: string, call: () => Promise<unknown>): void {
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const turn = async (): Promise<void> => {
      if (!document.hidden) await call().catch(() => undefined);
      if (!gone) timer = window.setTimeout(() => void turn(), ms);
    };
    void turn();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [about, ms]);
}
