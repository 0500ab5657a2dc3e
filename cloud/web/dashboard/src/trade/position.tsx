// Where an article stands: what is there, less what is promised or set aside, and what is coming, beside its reorder point.
import { number, say } from "../words/words";
import type { Position } from "./types";

const COMING = ["in_transit", "on_order"] as const;
const TAKEN = ["reserved", "quarantined", "perishing"] as const;

/** The parts of the bar in percent of its width, from its left end: free, coming, and behind a gap what is taken. Pure. */
export function bars(at: Position, point: number | null): { parts: { name: string; x: number; width: number }[]; point: number | null } {
  const free: [string, number][] = [["available", at.available - at.perishing], ...COMING.map((name): [string, number] => [name, at[name]])];
  const taken: [string, number][] = TAKEN.map((name) => [name, at[name]]);
  const sum = (all: [string, number][]) => all.reduce((total, [, units]) => total + Math.max(0, units), 0);
  const gap = sum(taken) ? 0.02 : 0;
  const scale = (100 * (1 - gap)) / Math.max(sum(free) + sum(taken), (point ?? 0) * 1.15, 1);
  const parts: { name: string; x: number; width: number }[] = [];
  let x = 0;
  for (const row of [free, taken]) {
    for (const [name, units] of row) {
      if (units > 0) parts.push({ name, x, width: scale * units });
      x += scale * Math.max(0, units);
    }
    x += 100 * gap;
  }
  return { parts, point: point === null ? null : Math.min(99.6, scale * point) };
}

export function PositionLine({ at, point }: { at: Position; point: number | null }) {
  const drawn = bars(at, point);
  const shown = { available: number(at.available), projected: number(at.projected), point: point === null ? "–" : number(point) };
  const terms = [
    ["on_hand", "", at.on_hand],
    ["reserved", "−", at.reserved],
    ["quarantined", "−", at.quarantined],
    ...(at.doubtful ? ([["doubtful", "−", at.doubtful]] as const) : []),
    ["available", "=", at.available],
    ...(at.perishing ? ([["perishing", "−", at.perishing]] as const) : []),
    ["on_order", "+", at.on_order],
    ["in_transit", "+", at.in_transit],
    ...(at.likely ? ([["likely", "+", at.likely]] as const) : []),
    ["projected", "=", at.projected],
  ] as const;
  return (
    <div class="standing">
      <svg class="stack" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={say("position.bar", shown)}>
        <rect class="track" x="0" y="4" width="100" height="12" />
        {drawn.parts.map(({ name, x, width }) => (
          <rect key={name} class={name} x={x} y="4" width={width} height="12" />
        ))}
        {drawn.point !== null && <path class="point" d={`M${drawn.point} 0v20`} />}
      </svg>
      <dl class="terms">
        {terms.map(([name, sign, units]) => (
          <div key={name} class={`${name} ${sign === "=" ? "sum" : ""}`}>
            <dt>
              {name === "on_hand" || name === "projected" ? null : <i class={`swatch ${name}`} aria-hidden="true" />}
              {say(`position.${name}`)}
            </dt>
            <dd>
              {sign && <span class="sign">{sign} </span>}
              {number(units)}
            </dd>
          </div>
        ))}
        {point !== null && (
          <div class="at">
            <dt>
              <i class="swatch point" aria-hidden="true" />
              {say("why.reorder_point")}
            </dt>
            <dd>{number(point)}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}
