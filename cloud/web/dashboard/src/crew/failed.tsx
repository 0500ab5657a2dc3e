// What could not be asked again says so, and of when it is what is still shown.
import { useRef } from "preact/hooks";
import { now } from "../state";
import { clock, say } from "../words/words";

/** `heard`: what is shown; null for nothing. Mounted always, so that it knows when that came. */
export function Failed({ heard, failed, again }: { heard: unknown; failed: boolean; again: () => void }) {
  const held = useRef<{ heard: unknown; at: number }>({ heard: null, at: 0 });
  if (held.current.heard !== heard) held.current = { heard, at: now.peek() };
  if (!failed) return null;
  return (
    <p class="calm" role="status">
      {heard ? say("oncall.as_of", { time: clock(held.current.at) }) : say("later.failed")} <button type="button" onClick={again}>{say("later.again")}</button>
    </p>
  );
}
