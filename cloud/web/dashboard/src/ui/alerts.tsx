// The alerts on the overview: unacknowledged first, then severity, then newest; one press acknowledges. Their page is
// in ../crew.
import { hrefOf, skuHref, slotHref } from "../route";
import { alertsInOrder, deviceName, kpi, may, roomy, skuName, skus, slots, zoneName } from "../state";
import type { AlertView } from "../types";
import { say } from "../words/words";
import { Acknowledge } from "./acknowledge";
import { SeverityMark } from "./marks";
import { Panel, Since, useKeptFocus } from "./panel";
import { said, titled } from "./said";

export function Alerts({ limit }: { limit: number }) {
  const list = useKeptFocus<HTMLUListElement>();
  const all = alertsInOrder.value.filter((alert) => alert.state !== "shelved");
  const open = kpi.value?.open_alerts ?? 0;
  const shown = all.slice(0, limit);
  return (
    <Panel
      name="alerts"
      scrolls={roomy.value}
      title={say("alerts.title")}
      aside={all.length > 0 && say("alerts.count", { open, all: all.length })}
      foot={shown.length < all.length && <a href={hrefOf("alerts")}>{say("alerts.see_all", { n: all.length })}</a>}
    >
      {all.length === 0 && <p class="calm">{say("alerts.none")}</p>}
      <ul ref={list} class="rows">
        {shown.map((alert) => (
          <Row key={alert.id} alert={alert} />
        ))}
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
      {alert.state === "firing" && may("respond") && <Acknowledge alert={alert} noted={false} />}
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
