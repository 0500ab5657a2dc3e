// How good the alerts are: what fires most, and how often people found each rule right.
import { deviceName, skuName, skus, zoneName, zones } from "../state";
import { useAsked } from "../trade/asked";
import { Panel, Since } from "../ui/panel";
import { day, number, percent, say, word } from "../words/words";
import { noisiest, precision } from "./api";
import { Failed } from "./failed";
import type { RulePrecision } from "../types_care";
import type { Noisy } from "../types_crew";
import { taken } from "./verdicts";

const DAYS = 30;
const AGAIN_MS = 60_000;

export function Quality() {
  return (
    <>
      <Precision />
      <Noisiest />
    </>
  );
}

function Precision() {
  const [asked, again] = useAsked(`precision ${taken.value}`, precision, AGAIN_MS);
  const { value, failed } = asked.value;
  const judged = (value ?? []).filter((one) => one.precision !== null).sort(worstFirst);
  const rest = (value ?? []).filter((one) => one.precision === null);
  return (
    <Panel name="precision" title={say("precision.title")} foot={judged.length > 0 && <span class="note">{say("precision.key")}</span>}>
      <Failed heard={value} failed={failed} again={again} />
      {!value && !failed && <p class="calm">{say("loading.text")}</p>}
      {value && !judged.length && <p class="calm">{say("precision.none")}</p>}
      <ul class="rows">{judged.map((one) => <Rule key={one.rule} rule={one} />)}</ul>
      {judged.length > 0 && rest.length > 0 && (
        <details class="as-list">
          <summary><span class="unfold" /> {say("precision.unjudged", { n: rest.length })}</summary>
          <p class="note">{rest.map((one) => word("alert", one.rule)).join(" · ")}</p>
        </details>
      )}
    </Panel>
  );
}

/** Those that ask first, then what is least often right. */
const worstFirst = (a: RulePrecision, b: RulePrecision) => Number(b.asks_tuning) - Number(a.asks_tuning) || (a.precision ?? 1) - (b.precision ?? 1) || a.rule.localeCompare(b.rule);

function Rule({ rule: one }: { rule: RulePrecision }) {
  const name = word("alert", one.rule);
  const shown = { value: percent(one.precision ?? 0), low: percent(one.low), high: percent(one.high), floor: percent(one.floor) };
  return (
    <li class={one.asks_tuning ? "asks-tuning" : ""}>
      <div class="what">
        <span class="tags">
          <strong>{name}</strong>
          {one.asks_tuning && <span class="tag late">{say("precision.asks")}</span>}
        </span>
        <span class="note">
          {say("precision.judged", { right: number(one.right), wrong: number(one.wrong) })}
          {one.not_now > 0 && ` · ${say("precision.later", { n: number(one.not_now) })}`}
          {one.tuned_ms > 0 && ` · ${say("precision.tuned", { when: day(one.tuned_ms) })}`}
        </span>
      </div>
      <svg class="precise" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={say("precision.bar", { rule: name, ...shown })}>
        <rect class="track" x="0" y="4" width="100" height="12" rx="1" />
        <rect class="bar" x="0" y="4" width={100 * (one.precision ?? 0)} height="12" rx="1" />
        <path class="likely-line" d={`M${100 * one.low} 10H${100 * one.high}`} />
        <path class="floor-mark" d={`M${100 * one.floor} 0V20`} />
      </svg>
      <span class="n">
        <b>{shown.value}</b> <span class="note">{say("precision.range", shown)}</span>
      </span>
    </li>
  );
}

function Noisiest() {
  const [asked, again] = useAsked("noisiest", () => noisiest(DAYS), AGAIN_MS);
  const { value, failed } = asked.value;
  return (
    <Panel name="noisiest" title={say("noisy.title")} aside={value && value.fired > 0 && say("noisy.since", { n: number(value.fired), days: DAYS })}>
      <Failed heard={value} failed={failed} again={again} />
      {!value && !failed && <p class="calm">{say("loading.text")}</p>}
      {value && !value.top.length && <p class="calm">{say("noisy.none", { days: DAYS })}</p>}
      {value && value.top.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{say("noisy.alert")}</th>
              <th scope="col" class="n">{say("noisy.fired")}</th>
              <th scope="col" class="n wide">{say("noisy.reopened")}</th>
              <th scope="col" class="n">{say("noisy.share")}</th>
              <th scope="col" class="n wide">{say("noisy.last")}</th>
            </tr>
          </thead>
          <tbody>{value.top.map((row) => <Noisy key={`${row.rule} ${row.subject}`} row={row} />)}</tbody>
        </table>
      )}
    </Panel>
  );
}

function Noisy({ row }: { row: Noisy }) {
  return (
    <tr>
      <th scope="row">
        {word("alert", row.rule)}
        <span class="note">{aboutWhat(row)}</span>
      </th>
      <td class="n"><b>{number(row.fired)}</b></td>
      <td class="n wide">{number(row.reopened)}</td>
      <td class="n">{percent(row.share)}</td>
      <td class="n wide"><Since at={row.last_ms} /></td>
    </tr>
  );
}

function aboutWhat({ subject, zone }: Noisy): string {
  const name = skus.value.has(subject) ? skuName(subject) : zones.value.has(subject) ? zoneName(subject) : deviceName(subject);
  return zone && zone !== subject ? `${name} · ${zoneName(zone)}` : name;
}
