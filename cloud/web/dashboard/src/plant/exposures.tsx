// What each lot has borne: how much of its budgets and of its shelf life is left. The most worn first.
import { useSignal } from "@preact/signals";
import { skuHref } from "../route";
import { narrow, now, skuName, zoneName } from "../state";
import { useAsked } from "../trade/asked";
import { Panel } from "../ui/panel";
import { figure, language, number, percent, quantity, say } from "../words/words";
import * as api from "./api";
import { Meter } from "./marks";
import { lasted } from "./told";
import type { BudgetLeft, ExposureView } from "../types_care";

const AGAIN_MS = 60_000;
/** How many are shown at first, on a phone and elsewhere. */
const FIRST = [5, 12] as const;
/** Of less of its time than that it is known how warm it was: then it is said. */
const KNOWN_ENOUGH = 0.98;

const share = ({ left_minutes, minutes }: BudgetLeft): number => (minutes > 0 ? Math.max(0, left_minutes) / minutes : 0);
const least = (one: ExposureView): number => Math.min(1, ...one.budgets.map(share));

/** What is used up first, then what has least of a budget left, then what expires first. */
export function byWear(a: ExposureView, b: ExposureView): number {
  return Number(!a.used_up) - Number(!b.used_up) || least(a) - least(b) || (a.days_left ?? Infinity) - (b.days_left ?? Infinity) || a.id.localeCompare(b.id) || 0;
}

export function Exposures() {
  const [asked] = useAsked("exposures", api.exposures, AGAIN_MS);
  const text = useSignal("");
  const all = useSignal(false);
  const { value, failed } = asked.value;
  const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (value ?? []).filter((one) => words.every((word) => `${one.sku} ${skuName(one.sku)} ${one.lot} ${zoneName(one.zone)}`.toLowerCase().includes(word))).sort(byWear);
  const shown = all.value ? found : found.slice(0, FIRST[narrow.value ? 0 : 1]);
  return (
    <Panel name="exposures" title={say("cold.exposures")} aside={value && value.length > FIRST[0] && <input type="search" aria-label={say("cold.search_lots")} placeholder={say("cold.search_lots")} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />}>
      {!value && <p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p>}
      {value && !found.length && <p class="calm">{say(value.length ? "cold.no_such_lot" : "cold.no_exposures")}</p>}
      <ul class="rows exposures">
        {shown.map((one) => (
          <Exposure key={one.id} one={one} />
        ))}
      </ul>
      {found.length > shown.length && (
        <p class="more-of">
          <button type="button" onClick={() => (all.value = true)}>
            {say("cold.show_all", { n: number(found.length) })}
          </button>
        </p>
      )}
    </Panel>
  );
}

function Exposure({ one }: { one: ExposureView }) {
  const life = one.aged_days !== null && one.days_left !== null ? one.aged_days / Math.max(one.aged_days + Math.max(0, one.days_left), 0.01) : null;
  const earlier = one.effective_expiry && one.effective_expiry !== one.expiry;
  const link = (format: "pdf" | "csv") => api.reportHref({ sku: one.sku, lot: one.lot, storage: one.storage, from: one.since_ms, to: now.value, format, lang: language.value });
  const name = `${skuName(one.sku)}, ${one.lot || say("cold.no_lot")}`;
  return (
    <li class={one.used_up ? "used-up" : ""}>
      <span class="what">
        <a class="name" href={skuHref(one.sku)}>
          <strong>{skuName(one.sku)}</strong>
        </a>
        <span class="note">
          {one.lot ? say("cold.lot_of", { lot: one.lot }) : say("cold.no_lot")} · {say("cold.units", { n: number(one.units) })} · {zoneName(one.zone)}
        </span>
        {one.used_up && <span class="tag late">{say("cold.used_up")}</span>}
        <span class="note">
          {[one.outside_ms > 0 && say("cold.outside", { time: lasted(one.outside_ms) }), one.known < KNOWN_ENOUGH && say("cold.known", { share: percent(one.known) })].filter(Boolean).join(" · ")}
        </span>
      </span>
      <ul class="budgets" aria-label={say("cold.budgets")}>
        {one.budgets.map((budget, at) => (
          <li key={at} class={share(budget) <= 0 ? "none" : ""}>
            <span class="note">{budget.above_c !== null ? say("cold.above", { limit: quantity(budget.above_c, "Cel") }) : say("cold.below", { limit: quantity(budget.below_c ?? 0, "Cel") })}</span>
            <Meter share={share(budget)} />
            <span>{say(budget.left_minutes < 0 ? "cold.over_by" : "cold.left_of", { left: lasted(Math.abs(budget.left_minutes) * 60_000), all: lasted(budget.minutes * 60_000) })}</span>
          </li>
        ))}
        {life !== null && (
          <li>
            <span class="note">{say("cold.life_used")}</span>
            <Meter share={life} />
            <span>{say("cold.life", { used: figure(one.aged_days!), left: figure(Math.max(0, one.days_left!)) })}</span>
          </li>
        )}
        {!one.budgets.length && life === null && <li class="note">{say("cold.no_budget")}</li>}
      </ul>
      <span class="expiry">
        {one.effective_expiry && (
          <>
            <span class="note">{say("cold.effective_expiry")}</span>
            <b>{one.effective_expiry}</b>
            {earlier && one.expiry && <span class="note">{say("cold.as_told", { expiry: one.expiry })}</span>}
          </>
        )}
        <span class="acts">
          {(["pdf", "csv"] as const).map((format) => (
            <a key={format} class="button" href={link(format)} download="" aria-label={say("cold.report_of", { format: format.toUpperCase(), name })}>
              {format.toUpperCase()}
            </a>
          ))}
        </span>
      </span>
    </li>
  );
}
