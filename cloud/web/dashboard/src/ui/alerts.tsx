// The alerts on the overview: unacknowledged first, then severity, then newest; one press acknowledges, and a flood is
// told by its sources. Their page is in ../crew.
import { alike } from "../core/alike";
import { hrefOf, skuHref, slotHref } from "../route";
import { alertsInOrder, deviceName, kpi, may, roomy, skuName, skus, slots, wall, zoneName } from "../state";
import type { AlertView } from "../types";
import { number, say } from "../words/words";
import { Acknowledge } from "./acknowledge";
import { SeverityMark } from "./marks";
import { Panel, Since, useKeptFocus } from "./panel";
import { said, titled } from "./said";

export function Alerts({ limit }: { limit: number }) {
  const list = useKeptFocus<HTMLUListElement>();
  const all = alertsInOrder.value.filter((alert) => alert.state !== "shelved");
  const open = kpi.value?.open_alerts ?? 0;
  const rows = alike(all);
  const shown = rows.slice(0, limit);
  return (
    <Panel
      name="alerts"
      scrolls={roomy.value && !wall}
      title={say("alerts.title")}
      aside={all.length > 0 && say("alerts.count", { open, all: all.length })}
      foot={shown.length < rows.length && <a href={hrefOf("alerts")}>{say("alerts.see_all", { n: all.length })}</a>}
    >
      {all.length === 0 && <p class="calm">{say("alerts.none")}</p>}
      <ul ref={list} class="rows">
        {shown.map(([alert, ...others]) => others.length ? <Alike key={`${alert!.state} ${alert!.rule} ${alert!.zone}`} alerts={[alert!, ...others]} /> : <Row key={alert!.id} alert={alert!} />)}
      </ul>
    </Panel>
  );
}

function Row({ alert }: { alert: AlertView }) {
  return (
    <li class={alert.state}>
      <SeverityMark severity={alert.severity} />
      <div class="what">
        <span>
          <a class="title" href={`${hrefOf("alerts")}/${alert.id}`}>
            <strong>{titled(alert)}</strong>
          </a>{" "}
          <span class="note"><Since at={alert.since_ms} /></span>
        </span>
        <span class="note">
          <Subject alert={alert} /> {said(alert).slice(0, 1).map((part) => `· ${part} `)}
        </span>
        <Acknowledged alert={alert} />
      </div>
      {alert.state === "firing" && may("respond") && !wall && <Acknowledge alert={alert} noted={false} />}
    </li>
  );
}

/** Many alerts from one source: how many, and the newest of them. */
function Alike({ alerts }: { alerts: AlertView[] }) {
  const first = alerts[0]!;
  const newest = Math.max(...alerts.map((one) => one.since_ms));
  const n = number(alerts.length);
  return (
    <li class={first.state}>
      <SeverityMark severity={Math.min(...alerts.map((one) => one.severity))} />
      <div class="what">
        <span>
          <a class="title" href={hrefOf("alerts")} aria-label={say("alerts.alike_see", { n, title: titled(first) })}>
            <strong>{titled(first)}</strong>
          </a>{" "}
          <span class="note"><Since at={newest} /></span>
        </span>
        <span class="note">{[first.zone && zoneName(first.zone), say("alerts.alike", { n })].filter(Boolean).join(" · ")}</span>
      </div>
      <b class="many" aria-hidden="true">×{n}</b>
    </li>
  );
}

/** By whom, when, and with which note. */
export function Acknowledged({ alert }: { alert: AlertView }) {
  if (!alert.acknowledged_by || !alert.acknowledged_ms || alert.state === "shelved") return null;
  return (
    <span class="note">
      {say("alerts.acknowledged", { user: alert.acknowledged_by })} · <Since at={alert.acknowledged_ms} />
      {alert.note && <q>{alert.note}</q>}
    </span>
  );
}

/** What an alert is about, and in which zone. */
export function Subject({ alert }: { alert: AlertView }) {
  const { subject, zone, params } = alert;
  const place = zone && zone !== subject ? ` · ${zoneName(zone)}` : "";
  const sku = subject.includes(".") && typeof params.sku === "string" ? params.sku : subject; // "SKU.GATE", "SKU.ZONE"
  if (skus.value.has(sku)) return <><a href={skuHref(sku)}>{skuName(sku)}</a>{place}</>;
  if (slots.value.has(subject)) return <><a href={slotHref(subject)}>{subject}</a>{place}</>;
  const called = typeof params.name === "string" ? params.name : deviceName(subject);
  const name = zone === subject ? zoneName(subject) : called;
  return <>{name}{place}</>;
}
