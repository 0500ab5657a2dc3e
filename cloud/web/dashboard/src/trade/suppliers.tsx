// How suppliers do: five parts of a score, each with what it counts for and what it rests on; what is not known says so.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Panel, Since } from "../ui/panel";
import { Refused } from "../api";
import { amount, written } from "../core/forms";
import { skuHref } from "../route";
import { may, site, skuName } from "../state";
import { figure, money, number, percent, say, word } from "../words/words";
import { score, suppliers } from "./api";
import { useAsked } from "./asked";
import { Form } from "./form";
import type { Scorecard as Card, ScorePart } from "./types";

const AGAIN_MS = 60_000;
/** `lead_lines` is how many lines the lead time was measured from; 0: it is what the site file quotes. `lines` of them can
 *  be judged on time and in full. */
type Scorecard = Card & { lead_lines?: number; lines?: number };
/** What people judge; the other parts are measured. */
const ENTERED = ["service", "innovation"];

export function Suppliers() {
  const [asked, again] = useAsked("suppliers", suppliers, AGAIN_MS);
  const { value, failed } = asked.value;
  const found = new Map([...(value ?? [])].sort((a, b) => Number(a.suspended) - Number(b.suspended) || (b.score ?? -1) - (a.score ?? -1)).map((one) => [one.id, one]));
  /** As they stood when the page was opened: none moves away from under the hand that scores it. */
  const places = useRef<string[]>([]);
  places.current = [...new Set([...places.current, ...found.keys()])];
  const all = places.current.flatMap((id) => found.get(id) ?? []);
  return (
    <Panel name="suppliers" title={say("suppliers.title")} aside={all.length > 0 && number(all.length)}>
      {!value && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
      {value && !all.length && <p class="calm">{say("suppliers.none")}</p>}
      {all.length > 0 && <p class="note weights">{say("suppliers.weights")}</p>}
      <ul class="cards">
        {all.map((one) => (
          <Supplier key={one.id} card={one} again={again} />
        ))}
      </ul>
    </Panel>
  );
}

function Supplier({ card, again }: { card: Scorecard; again: () => void }) {
  const unknown = card.parts.filter((one) => one.value === null);
  const or = (value: number | null, told: (value: number) => string) => (value === null ? say("drawer.unknown") : told(value));
  return (
    <li class={`supplier ${card.suspended ? "suspended" : ""}`}>
      <header>
        <h3>
          {card.name || card.id}
          {card.suspended && <span class="tag">{say("suppliers.suspended")}</span>}
        </h3>
        <p class="headline">
          <b>{card.score === null ? "–" : number(card.score)}</b> {say("suppliers.of_100")}
        </p>
      </header>
      <ul class="parts">
        {card.parts.map((one) => (
          <Part key={one.criterion} part={one} supplier={card} again={again} />
        ))}
      </ul>
      {unknown.length > 0 && card.score !== null && <p class="note">{say("suppliers.scaled", { parts: unknown.map((one) => word("part", one.criterion)).join(", ") })}</p>}
      <dl class="facts">
        <Fact name={say("why.lead_time_days")} note={card.lead_time_days === null ? "" : card.lead_lines ? say("suppliers.lead_measured", { n: number(card.lead_lines) }) : say("suppliers.lead_quoted")}>
          {or(card.lead_time_days, (days) => say("drawer.days", { n: card.lead_time_sd_days ? say("why.plus_minus", { value: figure(days), sd: figure(card.lead_time_sd_days) }) : figure(days) }))}
        </Fact>
        <Fact name={say("suppliers.on_time")} note={say("suppliers.on_time_how")}>{or(card.on_time, (share) => percent(share))}</Fact>
        <Fact name={say("suppliers.in_full")} note={card.lines ? say("suppliers.measured", { n: number(card.lines) }) : ""}>{or(card.in_full, (share) => percent(share))}</Fact>
        <Fact name={say("suppliers.open_orders")}>{number(card.open_orders)}</Fact>
        <Fact name={say("suppliers.value_year")}>{money(card.value_year, site.value?.currency || "EUR")}</Fact>
      </dl>
      {card.stock?.length > 0 && (
        <details class="told-stock">
          <summary>{say("suppliers.stock", { n: number(card.stock.length) })}</summary>
          <ul class="places">
            {card.stock.map(({ sku, units, at_ms }) => (
              <li key={sku}>
                <a href={skuHref(sku)}>{skuName(sku)}</a>
                {at_ms > 0 && (
                  <span class="note">
                    {say("portal.stock_since")} <Since at={at_ms} />
                  </span>
                )}
                <b>{number(units)}</b>
              </li>
            ))}
          </ul>
        </details>
      )}
      {card.lead_time_days !== null && card.lead_time_sd_days !== null && card.lead_time_sd_days > 0 && <LeadTime mean={card.lead_time_days} sd={card.lead_time_sd_days} />}
    </li>
  );
}

function Fact({ name, note = "", children }: { name: string; note?: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {note && <span class="note">{note}</span>}
      </dd>
    </div>
  );
}

/** Two thirds of deliveries come within the darker band, nearly all within the lighter one. */
function LeadTime({ mean, sd }: { mean: number; sd: number }) {
  const whole = Math.max(mean + 3 * sd, 7);
  const at = (days: number) => (100 * Math.max(0, days)) / whole;
  const days = (times: number) => figure(Math.max(0, mean + times * sd));
  const told = { low: days(-1), high: days(1), least: days(-2), most: days(2), whole: figure(whole), mean: figure(mean) };
  const same = told.low === told.least && told.high === told.most;
  return (
    <figure class="lead-time">
    <svg class="range" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="6" width="100" height="2" />
      <rect class="band wide-band" x={at(mean - 2 * sd)} y="4" width={Math.max(0.8, at(mean + 2 * sd) - at(mean - 2 * sd))} height="6" />
      <rect class="band" x={at(mean - sd)} y="3" width={Math.max(0.8, at(mean + sd) - at(mean - sd))} height="8" />
      <path class="mean" d={`M${at(mean)} 1v12`} />
    </svg>
      <figcaption class="note">{say(told.least === told.most ? "suppliers.lead_even" : same ? "suppliers.lead_narrow" : "suppliers.lead_bar", told)}</figcaption>
    </figure>
  );
}

function Part({ part, supplier, again }: { part: ScorePart; supplier: Scorecard; again: () => void }) {
  const entering = useSignal(false);
  /** When the score was given that whoever enters another has seen; 0: there was none; null: the one that stands here. */
  const seen = useRef<number | null>(0);
  const opener = useRef<HTMLButtonElement>(null);
  const name = word("part", part.criterion);
  const leave = () => {
    entering.value = false;
    opener.current?.focus();
  };
  const enter = () => {
    seen.current = part.at_ms;
    entering.value = true;
  };
  const entered = ENTERED.includes(part.criterion);
  const from = part.value === null ? say(entered ? "suppliers.not_entered" : "suppliers.not_measured") : entered ? say("suppliers.entered", { by: part.by }) : say("suppliers.measured", { n: number(part.n) });
  return (
    <li class={part.value === null ? "unknown" : ""}>
      <span class="name">
        {name} <span class="note">{say("suppliers.weight", { n: number(part.weight) })}</span>
      </span>
      <svg class="meter" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" x="0" y="1" width="100" height="8" />
        {part.value !== null && <rect class="bar" x="0" y="1" width={Math.max(0.5, part.value)} height="8" />}
      </svg>
      <b>{part.value === null ? "?" : number(part.value)}</b>
      <span class="note from">
        {from}
        {entered && part.at_ms > 0 && <> · <Since at={part.at_ms} /></>}
        {entered && may("buy") && (
          <button ref={opener} type="button" class="small" aria-expanded={entering.value} aria-label={`${say("suppliers.enter")}: ${name}, ${supplier.name}`} onClick={() => (entering.value ? leave() : enter())}>
            {say("suppliers.enter")}
          </button>
        )}
      </span>
      {entering.value && (
        <Form
          label={`${name}: ${supplier.name}`}
          fields={[
            { name: "value", label: say("suppliers.points"), kind: "money", needed: true, least: 0, most: 100, value: part.value === null ? "" : written(part.value) },
            { name: "note", label: say("suppliers.because"), kind: "text" },
          ]}
          submit={say("suppliers.save")}
          send={async (values, key) => {
            try {
              await score(supplier.id, part.criterion, amount(values.value!, "money")!, values.note ?? "", seen.current ?? part.at_ms, key);
            } catch (error) {
              // whoever was told, and goes on, means it beside the one that is shown by then
              if (error instanceof Refused && error.said.reason === "changed") [seen.current] = [null, again()];
              throw error;
            }
            again();
          }}
          done={leave}
          close={leave}
        />
      )}
    </li>
  );
}
