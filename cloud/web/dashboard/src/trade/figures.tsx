// How the site does: each figure with its target and its course, what it means on hover, focus and tap, and where it is
// not known yet, why.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { measures, site } from "../state";
import { figure, known, money, number, percent, say, word } from "../words/words";
import { Idle } from "./idle";
import type { MeasureView } from "./types";

const ORDER = [
  "fill_rate", "stock_out_rate", "inventory_accuracy", "count_difference_rate", "turnover", "cover_days", "holding_cost",
  "supplier_on_time", "forecast_error", "forecast_bias", "dead_stock", "slow_stock",
];
const placeOf = ({ id }: MeasureView) => (ORDER.indexOf(id) + ORDER.length) % ORDER.length;

export function Figures() {
  const all = [...measures.value.values()].sort((a, b) => placeOf(a) - placeOf(b));
  return (
    <>
      <section class="figures" aria-labelledby="title-figures">
        <h2 id="title-figures">{say("figures.title")}</h2>
        {all.length === 0 && <p class="calm">{say("figures.none")}</p>}
        <ul class="measures">
          {all.map((one) => (
            <Tile key={one.id} measure={one} />
          ))}
        </ul>
      </section>
      <Idle measure="dead_stock" />
      <Idle measure="slow_stock" />
    </>
  );
}

/** A figure in its unit. Pure. */
export function shownIn(unit: string, value: number, currency: string): string {
  switch (unit) {
    case "pct":
      return `${number(value, Math.abs(value) < 99.95 ? 1 : 0)}%`;
    case "share":
      return percent(value, 1);
    case "money a year":
      return say("figures.a_year", { money: shownIn("money", value, currency) });
    case "money":
      return Math.abs(value) < 1000 ? money(value, currency) : number(value, 0, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
    case "days":
      return say("drawer.days", { n: figure(value) });
    case "times":
    case "a year":
      return say("figures.times", { n: figure(value) });
    default:
      return figure(value);
  }
}

const hovers = () => matchMedia("(hover: hover)").matches;

/** What a figure means floats below its tile for a pointer that hovers; a finger opens it in place, by a tap, and shuts it
 *  by a tap on either. */
function Tile({ measure: one }: { measure: MeasureView }) {
  const pointed = useSignal(false);
  const held = useSignal(false);
  const id = useId();
  const name = one.id;
  const currency = site.value?.currency || "EUR";
  const told = (value: number) => shownIn(one.unit, value, currency);
  const missed = one.value !== null && one.target !== null && (one.better === "up" ? one.value < one.target : Math.abs(one.value) > one.target);
  const shown = pointed.value || held.value;
  const rests = known("rests", name) ? word("rests", name, { n: number(one.n) }) : say("figures.rests_on", { n: number(one.n) });
  return (
    <li
      onPointerEnter={(event) => event.pointerType === "mouse" && (pointed.value = true)}
      onPointerLeave={() => (pointed.value = false)}
      onKeyDown={(event) => event.key === "Escape" && shown && (event.stopPropagation(), (pointed.value = held.value = false))}
    >
      <button
        type="button"
        class={`tile ${missed ? "warn" : ""}`}
        aria-expanded={shown}
        aria-describedby={shown ? id : undefined}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && (pointed.value = true)}
        onBlur={() => ((pointed.value = false), hovers() && (held.value = false))}
        onClick={() => ((held.value = !held.value) || (pointed.value = false))}
      >
        <span class="label">
          {word("measure", name)} <svg class="asks" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.5" /><path d="M8 7.2v4M8 4.6v.4" /></svg>
        </span>
        <span class="value">{one.value === null ? <b class="unknown">–</b> : <b>{told(one.value)}</b>}</span>
        <span class="note">
          {one.value === null ? (
            known("unknown", one.reason) ? word("unknown", one.reason) : say("drawer.unknown")
          ) : (
            <>
              {one.target !== null && (missed ? <strong>{target(one, told)}</strong> : target(one, told))}
              {one.target !== null && one.trend !== null && " · "}
              {one.trend !== null && <Course measure={one} told={told} />}
              {one.target === null && one.trend === null && one.n > 0 && rests}
            </>
          )}
        </span>
      </button>
      {shown && (
        <div id={id} role="tooltip" class="meaning" onClick={() => (pointed.value = held.value = false)}>
          <strong>{word("measure", name)}</strong>
          <p>{known("measure", `${name}.how`) ? word("measure", `${name}.how`) : name}</p>
          {one.value !== null && <p class="note">{rests}</p>}
        </div>
      )}
    </li>
  );
}

function target({ target: at, better, value }: MeasureView, told: (value: number) => string): string {
  const missed = value !== null && (better === "up" ? value < at! : Math.abs(value) > at!);
  return say(`figures.${missed ? "missed" : "target"}_${better === "up" ? "least" : "most"}`, { target: told(at!) });
}

/** Which way it went, by an arrow, a number and a word. */
function Course({ measure, told }: { measure: MeasureView; told: (value: number) => string }) {
  const trend = measure.trend ?? 0;
  if (Math.abs(trend) < 1e-9) return <>{say("figures.steady")}</>;
  const better = trend > 0 === (measure.better === "up");
  return (
    <span class={`course ${better ? "better" : "worse"}`}>
      <span aria-hidden="true">{trend > 0 ? "↑" : "↓"}</span> {measure.unit === "pct" || measure.unit === "share" ? say("figures.points", { n: figure(Math.abs(trend) * (measure.unit === "share" ? 100 : 1)) }) : told(Math.abs(trend))} {say(better ? "figures.better" : "figures.worse")}
    </span>
  );
}
