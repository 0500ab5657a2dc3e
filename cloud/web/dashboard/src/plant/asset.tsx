// One piece of equipment: how it is and why that is said, with times and figures; its courses; and what is done about it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { assetHref } from "../route";
import { devices, may, now, speaks, zoneName } from "../state";
import { useAsked } from "../trade/asked";
import { HOUR_MS, useHistory } from "../ui/history";
import { SeverityMark } from "../ui/marks";
import { Panel, Since } from "../ui/panel";
import { Trend } from "../ui/trend";
import { moment, number, say, word } from "../words/words";
import * as api from "./api";
import { assets, works } from "./live";
import { AssetMark, Health, Tabs } from "./marks";
import { NewWork } from "./new_work";
import { Works } from "./orders";
import { usePlaces } from "./places";
import { axisUnit, counted, featured, featureName, ofChannel, byDay, figures, faulty, moved, movedNow, normal, remedy } from "./features";
import { unitOf } from "../core/units";
import { assetName, byTurn, isOpen, lasting, meant } from "./told";
import type { AssetView, Fault, Feature } from "../types";
import type { Drawn, Evidence } from "../types_care";

const AGAIN_MS = 30_000;

export function AssetPage({ id }: { id: string }) {
  const [asked] = useAsked(id, () => api.asset(id).catch(api.gone), AGAIN_MS);
  const { value, failed } = asked.value;
  const asset = assets.value.get(id) ?? value?.asset;
  const open = [...(works.value.values())].filter(isOpen).length;
  if (!asset) {
    const unknown = value === undefined;
    return (
      <>
        <Tabs here="assets" count={open} />
        <Panel name="asset" title={id}>
          <p class="calm" role="status">{say(unknown ? "asset.unknown" : failed ? "later.failed" : "loading.text")}</p>
        </Panel>
      </>
    );
  }
  return (
    <>
      <Tabs here="assets" count={open} />
      <State asset={asset} />
      <Orders asset={asset} />
      <Moved why={asset.why} drawn={value?.drawn ?? null} failed={failed} />
      {value && <Told evidence={value.evidence} faults={asset.faults} />}
      <Channels id={asset.part_of || asset.id} />
    </>
  );
}

function State({ asset }: { asset: AssetView }) {
  const title = assetName(asset, asset.id);
  return (
    <Panel name="asset" title={title} aside={[word("asset_kind", asset.kind), zoneName(asset.zone)].filter(Boolean).join(" · ")}>
      <div class="asset-state">
        <p class="standing-now">
          <AssetMark asset={asset} /> <strong>{word("asset_state", asset.state)}</strong>
          <span class="note">{asset.heard_ms ? <>{say("asset.heard")} <Since at={asset.heard_ms} /></> : say("devices.never")}</span>
        </p>
        <dl class="big-figures">
          <div>
            <dt>{say("asset.health")}</dt>
            <dd><Health asset={asset} /></dd>
          </div>
          <div>
            <dt>{say("asset.days_left")}</dt>
            <dd>
              <b>{lasting(asset.days)}</b>
              {asset.days && <span class="note">{meant(asset.days)}</span>}
            </dd>
          </div>
          {asset.part_of && (
            <div>
              <dt>{say("asset.part")}</dt>
              <dd><a class="button" href={assetHref(asset.part_of)}>{asset.part_of}</a></dd>
            </div>
          )}
        </dl>
        {asset.faults.length > 0 && (
          <ul class="faults" aria-label={say("asset.wrong")}>
            {asset.faults.map((one) => (
              <li key={`${one.code} ${one.channel}`}>
                <SeverityMark severity={one.severity} />
                <span>
                  <strong>{faulty(one)}</strong>
                  <span class="note"> {say("asset.since")} <Since at={one.since_ms} /></span>
                  <span class="note line">{figures(one).join(" · ")}</span>
                  {remedy(one) && <span class="line">{remedy(one)}</span>}
                </span>
              </li>
            ))}
          </ul>
        )}
        {Object.keys(asset.notes).length > 0 && (
          <p class="note">{say("asset.notes")} {Object.entries(asset.notes).map(([name, count]) => `${word("data_note", name)} ${number(count)}`).join(", ")}</p>
        )}
      </div>
    </Panel>
  );
}

function Orders({ asset }: { asset: AssetView }) {
  const opening = useSignal(false);
  const list = useRef<HTMLDivElement>(null);
  const mine = [...(works.value.values())].filter((one) => one.asset === asset.id).sort(byTurn);
  const shown = usePlaces(list, new Map([["all", mine.map((one) => one.id)]])).get("all")!.flatMap((id) => works.value.get(id) ?? []);
  return (
    <Panel
      name="asset-orders"
      title={say("work.title")}
      aside={
        may("maintain") && (
          <button type="button" aria-expanded={opening.value} onClick={() => (opening.value = !opening.value)}>
            {say("work.open")}
          </button>
        )
      }
    >
      {opening.value && <NewWork asset={asset} leave={() => (opening.value = false)} />}
      <div ref={list}>
        <Works works={shown} meant={0} bare calm={say("work.none_of_it")} />
      </div>
    </Panel>
  );
}

function Moved({ why, drawn, failed }: { why: Feature[]; drawn: Drawn[] | null; failed: boolean }) {
  const named = new Set(drawn?.map((one) => one.name));
  const only = why.filter((one) => !named.has(one.name));
  return (
    <Panel name="moved" title={say("asset.moved")} aside={say("asset.band")}>
      {!drawn && !only.length && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
      {drawn?.length === 0 && !only.length && <p class="calm">{say("asset.nothing_moved")}</p>}
      {only.length > 0 && (
        <ul class="plain">
          {only.map((one) => (
            <li key={one.name}>{movedNow(one)}</li>
          ))}
        </ul>
      )}
      <div class="charts">
        {drawn?.filter((one) => one.times_ms.length > 0).map((one) => <FeatureChart key={one.name} drawn={one} />)}
      </div>
    </Panel>
  );
}

function FeatureChart({ drawn }: { drawn: Drawn }) {
  const { name, unit, times_ms, values, normal_low, normal_high, limit } = drawn;
  const last = values.at(-1)!;
  const out = (normal_low !== null && last < normal_low) || (normal_high !== null && last > normal_high);
  const usual = normal(drawn);
  const scale = counted(name, unit).share ? 100 : 1;
  const scaled = (value: number | null) => (value === null ? null : value * scale);
  const from = times_ms[0]!;
  const judged = usual && say(out ? "feature.outside" : "feature.within");
  return (
    <figure class={out ? "out" : ""}>
      <figcaption>
        <strong>{featureName(name)}</strong> <b>{featured(last, drawn)}</b>
        <span class="note">{[judged, usual, limit !== null && say("feature.limit", { limit: featured(limit, drawn) }), ofChannel(name) && say("feature.by_hour"), byDay(name) && say("feature.by_day"), say("feature.at", { when: moment(times_ms.at(-1)!) })].filter(Boolean).join(" · ")}</span>
      </figcaption>
      <Trend
        series={{ t: times_ms, v: values.map((one) => one * scale) }}
        from={from}
        to={Math.max(times_ms.at(-1)!, from + HOUR_MS)}
        low={scaled(normal_low)}
        high={scaled(normal_high)}
        limits={limit === null ? undefined : [limit * scale]}
        unit={axisUnit(name, unit)}
        label={`${featureName(name)}: ${featured(last, drawn)}. ${usual}`}
      />
    </figure>
  );
}

/** What is not over is told as it is seen by now, like above; what it was at first, as such. */
function Told({ evidence, faults }: { evidence: Evidence[]; faults: Fault[] }) {
  const nowOf = (one: Evidence) => (one.over_ms ? undefined : faults.find(({ code, channel }) => code === one.code && channel === one.channel));
  const shown = [...evidence].sort((a, b) => Number(a.over_ms > 0) - Number(b.over_ms > 0) || b.found_ms - a.found_ms);
  return (
    <Panel name="evidence" title={say("asset.evidence")} aside={number(shown.length)}>
      {!shown.length && <p class="calm">{say("asset.no_evidence")}</p>}
      <ul class="rows">
        {shown.map((one) => (
          <li key={`${one.code} ${one.channel} ${one.found_ms}`}>
            <SeverityMark severity={nowOf(one)?.severity ?? one.severity} />
            <span class="what">
              <strong>{faulty(one)}</strong>
              <span class="note">
                {say("asset.began", { when: moment(nowOf(one)?.since_ms ?? one.since_ms) })} · {say("asset.found", { when: moment(one.found_ms) })} · {one.over_ms ? say("asset.ended", { when: moment(one.over_ms) }) : say("asset.still")}
                {(nowOf(one)?.severity ?? one.severity) > one.severity && ` · ${say("asset.at_worst", { severity: number(one.severity) })}`}
              </span>
              {Object.keys(one.first).length > 0 && <span>{say("asset.when_found", { what: figures({ params: one.first, channel: one.channel }).join(" · ") })}</span>}
              {one.why.map((feature) => (
                <span key={feature.name} class="note">{moved(feature)}</span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

const SPANS = [24, 168, 720];

function Channels({ id }: { id: string }) {
  const hours = useSignal(SPANS[0]!);
  const series = Object.entries(devices.value.get(id)?.series ?? {});
  if (!series.length) return null;
  return (
    <Panel
      name="channels"
      title={say("asset.channels")}
      aside={
        <span class="chips" role="group" aria-label={say("asset.span")}>
          {SPANS.map((one) => (
            <button key={one} type="button" aria-pressed={hours.value === one} onClick={() => (hours.value = one)}>
              {one <= 24 ? say("asset.hours", { n: one }) : say("asset.n_days", { n: one / 24 })}
            </button>
          ))}
        </span>
      }
    >
      <div class="charts">
        {series.map(([name, key]) => (
          <Channel key={`${key} ${hours.value}`} name={name} series={key} hours={hours.value} />
        ))}
      </div>
    </Panel>
  );
}

function Channel({ name, series: key, hours }: { name: string; series: string; hours: number }) {
  const { series, failed } = useHistory(key, hours).value;
  const held = useSignal("");
  const told = series?.v.findLast((one) => one !== null);
  const at = series?.t[series.v.findLastIndex((one) => one !== null)];
  useEffect(() => {
    held.value = told === undefined || told === null ? "–" : featured(told, { name, unit: unitOf(name) });
  }, [told]);
  return (
    <figure>
      <figcaption>
        <strong>{word("quantity", name)}</strong> <b>{held.value}</b>
        <span class="note">{[key, !speaks(key) && at && say("climate.was", { time: moment(at) })].filter(Boolean).join(" · ")}</span>
      </figcaption>
      {series && series.t.length > 0 ? (
        <Trend series={series} from={now.value - hours * HOUR_MS} to={now.value} unit={unitOf(name)} label={`${word("quantity", name)}: ${held.value}`} />
      ) : (
        <p class="calm">{say(failed ? "climate.failed" : series ? "climate.no_history" : "loading.text")}</p>
      )}
    </figure>
  );
}
