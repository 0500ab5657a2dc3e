// Small signs that tell a state by shape first and by colour second.
import type { DeviceView, SlotView } from "../types";
import { say, word } from "../words/words";

/** 1: square, 2: triangle, 3: circle; each with its digit. */
export function SeverityMark({ severity }: { severity: number }) {
  const shape =
    severity <= 1 ? <rect x="2" y="2" width="20" height="20" rx="3" /> : severity === 2 ? <path d="M12 1.5 23 21.5H1z" stroke-linejoin="round" /> : <circle cx="12" cy="12" r="10" />;
  return (
    <svg class={`severity s${Math.min(3, Math.max(1, severity))}`} viewBox="0 0 24 24" role="img" aria-label={say("alerts.severity", { n: severity })}>
      {shape}
      <text x="12" y={severity === 2 ? 19 : 16.6} text-anchor="middle">
        {severity}
      </text>
    </svg>
  );
}

/** The sign of a slot's or an article's state, as the floor map draws it. */
export function StatusMark({ status }: { status: SlotView["status"] | "out" }) {
  return (
    <svg class={`status ${status === "out" ? "empty" : status}`} viewBox="0 0 16 16" aria-hidden="true">
      <rect class="body" x="1" y="1" width="14" height="14" rx="2" />
      {status === "low" && <rect class="fill" x="1" y="9.5" width="14" height="5.5" rx="1" />}
      {(status === "empty" || status === "out") && <path class="line" d="M5 8h6" />}
      {status === "over" && <path class="line" d="M4.5 9.5 8 5.5l3.5 4" />}
      {status === "silent" && <path class="line" d="M2.5 13.5 13.5 2.5" />}
      {status === "unknown" && <path class="line" d="M6 6.3C6 4.9 6.9 4.2 8 4.2s2 .8 2 1.9c0 1.5-2 1.6-2 3.1M8 11.4v.6" />}
    </svg>
  );
}

export function Status({ status }: { status: SlotView["status"] | "out" }) {
  return (
    <span class="state">
      <StatusMark status={status} /> {word("status", status)}
    </span>
  );
}

/** A device's or gateway's state: full when well, hollow with a slash when it fell silent, dotted when never heard. */
export function HealthMark({ state }: { state: DeviceView["state"] }) {
  return (
    <svg class={`health ${state}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r={state === "ok" ? 4 : 6} />
      {(state === "silent" || state === "offline" || state === "away") && <path d="M3.8 12.2 12.2 3.8" />}
    </svg>
  );
}

/** On hand as a bar against the reorder point as a line. Both in units of one scale, twice the reorder point. */
export function Bullet({ onHand, point, status }: { onHand: number; point: number | null; status: string }) {
  const most = Math.max(point ? point * 2 : onHand, onHand, 1);
  return (
    <svg class={`bullet ${status}`} viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label={say("stock.bullet", { on_hand: onHand, point: point ?? "–" })}>
      <rect class="track" x="0" y="4" width="100" height="8" rx="1" />
      <rect class="bar" x="0" y="4" width={(100 * onHand) / most} height="8" rx="1" />
      {point !== null && <path class="point" d={`M${Math.min(99, (100 * point) / most)} 0v16`} />}
    </svg>
  );
}
