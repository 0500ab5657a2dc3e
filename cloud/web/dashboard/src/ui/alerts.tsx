// The alerts inbox: unacknowledged first, then severity, then newest; one press acknowledges, with a note if wanted.
import { hrefOf, skuHref, slotHref } from "../route";
import { alertsInOrder, alertsResolved, deviceName, roomy, session, skuName, skus, slots, zoneName } from "../state";
import type { AlertView } from "../types";
import { say } from "../words/words";
import { Acknowledge } from "./acknowledge";
import { SeverityMark } from "./marks";
import { Panel, Since, useKeptFocus } from "./panel";
import { said, titled } from "./said";

export function Alerts({ limit }: { limit?: number }) {
  const list = useKeptFocus<HTMLUListElement>();
  const all = alertsInOrder.value;
  const open = all.filter((alert) => alert.state === "firing").length;
  const shown = limit ? all.slice(0, limit) : all;
  return (
    <Panel
      name="alerts"
      scrolls={limit !== undefined && roomy.value}
      title={say("alerts.title")}
      aside={all.length > 0 && say("alerts.count", { open, all: all.length })}
      foot={shown.length < all.length && <a href={hrefOf("alerts")}>{say("alerts.see_all", { n: all.length })}</a>}
    >
      {all.length === 0 && <p class="calm">{say("alerts.none")}</p>}
      <ul ref={list} class="rows">
        {shown.map((alert) => (
          <Row key={alert.id} alert={alert} full={!limit} />
        ))}
      </ul>
    </Panel>
  );
}

/** The alerts that are over, the latest first. */
export function Resolved() {
  const all = alertsResolved.value;
  if (!all.length) return null;
  return (
    <Panel name="done" title={say("alerts.resolved")}>
      <ul class="rows">
        {all.map((alert) => (
          <Row key={alert.id} alert={alert} full />
        ))}
      </ul>
    </Panel>
  );
}

function Row({ alert, full }: { alert: AlertView; full: boolean }) {
  const over = alert.state === "resolved";
  return (
    <li class={alert.state}>
      <SeverityMark severity={alert.severity} />
      <div class="what">
        <span>
          <strong>{titled(alert)}</strong> <span class="note"><Since at={alert.since_ms} /></span>
        </span>
        <span class="note">
          <Subject alert={alert} /> {said(alert).slice(0, full ? undefined : 1).map((part) => `· ${part} `)}
        </span>
        {alert.acknowledged_ms > 0 && (
          <span class="note">
            {say("alerts.acknowledged", { user: alert.acknowledged_by })} · <Since at={alert.acknowledged_ms} />
            {alert.note && <q>{alert.note}</q>}
          </span>
        )}
        {over && <span class="note">{say("alerts.over")} · <Since at={alert.changed_ms} /></span>}
      </div>
      {alert.state === "firing" && session.value?.role !== "viewer" && <Acknowledge alert={alert} noted={full} />}
    </li>
  );
}

function Subject({ alert }: { alert: AlertView }) {
  const { subject, zone, params } = alert;
  const place = zone && zone !== subject ? ` · ${zoneName(zone)}` : "";
  const sku = subject.includes(".") && typeof params.sku === "string" ? params.sku : subject; // "SKU.GATE", "SKU.ZONE"
  if (skus.value.has(sku)) return <><a href={skuHref(sku)}>{skuName(sku)}</a>{place}</>;
  if (slots.value.has(subject)) return <><a href={slotHref(subject)}>{subject}</a>{place}</>;
  const called = typeof params.name === "string" ? params.name : deviceName(subject);
  const name = zone === subject ? zoneName(subject) : called;
  return <>{name}{place}</>;
}
