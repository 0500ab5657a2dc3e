// The alerts inbox: unacknowledged first, then severity, then newest; one press acknowledges.
import { signal } from "@preact/signals";
import * as api from "../api";
import { adopt, restart } from "../link";
import { hrefOf, skuHref, slotHref } from "../route";
import { alertsInOrder, deviceName, roomy, session, skuName, skus, slots, zoneName } from "../state";
import type { AlertView } from "../types";
import { type Key, say } from "../words/words";
import { SeverityMark } from "./marks";
import { Panel, Since, useKeptFocus } from "./panel";
import { said, titled } from "./said";

interface Wish {
  key: string;
  busy: boolean;
  trouble: Key | null;
}
const wishes = signal<ReadonlyMap<number, Wish>>(new Map());
const wish = (id: number, next: Wish) => (wishes.value = new Map(wishes.value).set(id, next));

async function acknowledge(alert: AlertView): Promise<void> {
  const before = wishes.value.get(alert.id);
  if (before?.busy) return;
  const key = before?.key ?? api.freshKey(); // the same key again: a try whose answer was lost is not a second one
  wish(alert.id, { key, busy: true, trouble: null });
  try {
    adopt({ alerts: [await api.acknowledge(alert.id, key)] });
    wish(alert.id, { key, busy: false, trouble: null });
  } catch (error) {
    const status = error instanceof api.Refused ? error.status : 0;
    if (status === 401) restart();
    wish(alert.id, { key, busy: false, trouble: status === 403 ? "alerts.not_allowed" : status === 409 ? "alerts.already" : "alerts.not_sent" });
  }
}

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

function Row({ alert, full }: { alert: AlertView; full: boolean }) {
  const mine = wishes.value.get(alert.id);
  const title = titled(alert);
  const may = session.value?.role !== "viewer";
  return (
    <li class={alert.state}>
      <SeverityMark severity={alert.severity} />
      <div class="what">
        <span>
          <strong>{title}</strong> <span class="note"><Since at={alert.since_ms} /></span>
        </span>
        <span class="note">
          <Subject alert={alert} /> {said(alert).slice(0, full ? undefined : 1).map((part) => `· ${part} `)}
        </span>
        {alert.state === "acknowledged" && (
          <span class="note">
            {say("alerts.acknowledged", { user: alert.acknowledged_by })} · <Since at={alert.acknowledged_ms} />
            {alert.note && ` · ${alert.note}`}
          </span>
        )}
        <span class="trouble" role="status">
          {mine?.trouble && say(mine.trouble)}
        </span>
      </div>
      {alert.state === "firing" && may && (
        <button type="button" aria-label={say("alerts.acknowledge_this", { title })} aria-disabled={mine?.busy} onClick={() => void acknowledge(alert)}>
          {say(mine?.busy ? "alerts.sending" : "alerts.acknowledge")}
        </button>
      )}
    </li>
  );
}

function Subject({ alert }: { alert: AlertView }) {
  const { subject, zone } = alert;
  const place = zone && zone !== subject ? ` · ${zoneName(zone)}` : "";
  if (skus.value.has(subject)) return <><a href={skuHref(subject)}>{skuName(subject)}</a>{place}</>;
  if (slots.value.has(subject)) return <><a href={slotHref(subject)}>{subject}</a>{place}</>;
  const name = zone === subject ? zoneName(subject) : deviceName(subject);
  return <>{name}{place}</>;
}
