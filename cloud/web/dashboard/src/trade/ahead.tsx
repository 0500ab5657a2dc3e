// What bounds the policy of an article, who could help out sooner, and until when the service holds its orders back.
import { now, site, supplierName } from "../state";
import type { NeedView, Rescue, SkuView } from "../types";
import { day, known, minute, money, number, percent, say, word } from "../words/words";

const coins = (value: number) => money(value, site.value?.currency || "EUR");

/** `sku` as it is now; null where the site no longer has it. */
export function heldUntil(sku: SkuView | undefined, need?: NeedView): number {
  const told = need?.why.held_until_ms;
  return sku ? sku.held_until_ms : typeof told === "number" ? told : 0;
}

export function Held({ until_ms }: { until_ms: number }) {
  if (until_ms <= now.value) return null;
  return <p class="advice held">{say("card.held", { day: day(until_ms), time: minute(until_ms) })}</p>;
}

export function Limits({ limits }: { limits: string[] }) {
  if (!limits.length) return null;
  return (
    <ul class="advice limits">
      {limits.map((limit) => (
        <li key={limit}>{word("limit", limit)}</li>
      ))}
    </ul>
  );
}

export function Helped({ rescue }: { rescue: Rescue | null }) {
  if (!rescue?.source) return null;
  const at = rescue.source.indexOf(":");
  const [kind, id] = [rescue.source.slice(0, at), rescue.source.slice(at + 1)];
  const source = known("source", kind) && id ? word("source", kind, { name: kind === "supplier" ? supplierName(id) : id }) : rescue.source;
  return (
    <p class="advice rescue">
      <strong>{say("card.rescue", { units: number(rescue.units), source })}</strong>
      {say("card.rescue_why", { risk: percent(rescue.risk), after: percent(rescue.risk_after), saves: coins(rescue.saves), costs: coins(rescue.costs) })}
    </p>
  );
}
