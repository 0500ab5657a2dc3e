// What a supplier who signs in sees, and all it sees: the shelves it keeps filled, what is expected of them, its orders.
import { useEffect } from "preact/hooks";
import { open } from "../core/book";
import { book, now } from "../state";
import type { SiteView, SkuView } from "../types";
import { page } from "../route";
import { LaterPeople } from "../ui/later";
import { Menu } from "../ui/menu";
import { Panel, Since } from "../ui/panel";
import { clock, exact, figure, number, say, timezone, zoneName } from "../words/words";
import { PORTAL, portal } from "./api";
import { useAsked } from "./asked";
import { byChange, byUrgency, Order } from "./orders";
import { placed } from "./places";
import { decides, Having, Planning, room as roomOf } from "./portal_forms";
import { news } from "./portal_news";
import { Papers as Handing } from "./portal_papers";
import type { Portal as Told, PortalShelf } from "./types";

const AGAIN_MS = 20_000;
const ENDED = ["received", "closed", "cancelled"];

export function Portal() {
  const [asked] = useAsked(`portal ${news.value}`, portal, AGAIN_MS);
  const { value, failed } = asked.value;
  useEffect(() => {
    if (value) shownBy(value);
  }, [value]);
  useEffect(() => () => void (book.value = null), []);
  if (!value || !book.value) return <p class="waiting" role="status">{say(failed ? "loading.failed" : "loading.text")}</p>;
  const open = value.orders.filter((one) => !ENDED.includes(placed(one).state)).sort(byUrgency);
  const shelves = [...value.shelves].sort(byRoom);
  const over = value.orders.filter((one) => ENDED.includes(placed(one).state)).sort(byChange);
  return (
    <div class="shell on-portal">
      <header class="top">
        <h1>
          {siteOf(value).name} <span>{say("portal.for", { supplier: value.supplier.name })}</span>
        </h1>
        <div class="now">
          <time title={exact(now.value)}>
            <b>{clock(now.value)}</b> <small>{zoneName(now.value)}</small>
          </time>
        </div>
        <Menu />
      </header>
      <div class="banners" role="status">{failed && <p class="banner">{say("portal.old")}</p>}</div>
      <main id="main" tabIndex={-1}>
        {page.value === "account" ? <LaterPeople part="Account" /> : <>
        <Panel name="orders-open" title={say("portal.orders")} aside={open.length > 0 && number(open.length)}>
          {open.length ? (
            <ul class="rows">{open.map((order) => <Order key={order.id} order={order} base={PORTAL} />)}</ul>
          ) : (
            <p class="calm">{say("portal.no_orders")}</p>
          )}
        </Panel>
        {value.waiting.length > 0 && (
          <Panel name="orders-handed-in" title={say("portal.handed_in")} aside={number(value.waiting.length)}>
            <ul class="rows">{[...value.waiting].sort((a, b) => b.id - a.id).map((order) => <Order key={order.id} order={order} base={PORTAL} handed_in />)}</ul>
          </Panel>
        )}
        <Panel name="shelves" title={say("portal.shelves")} aside={number(value.shelves.length)} foot={shelves.length > 0 && value.papers.length > 0 && <Papers kinds={value.papers} />}>
          {shelves.length ? (
            <>
              {(["supplier", "site"] as const).map((decider) => {
                const its = shelves.filter((shelf) => decides(value, shelf.sku) === decider);
                return its.length > 0 && <Planning key={decider} shelves={its} decider={decider} />;
              })}
              <ul class="rows">
                {shelves.map((shelf) => (
                  <Shelf key={shelf.sku} shelf={shelf} decider={decides(value, shelf.sku)} />
                ))}
              </ul>
            </>
          ) : (
            <p class="calm">{say("portal.no_shelves")}</p>
          )}
        </Panel>
        <Panel name="having" title={say("portal.stock")}>
          <Having told={value} />
        </Panel>
        <Handing agreed={value.papers.length > 0} />
        {over.length > 0 && (
          <Panel name="orders-ended" title={say("orders.ended")}>
            <ul class="rows">{over.map((order) => <Order key={order.id} order={order} base={PORTAL} />)}</ul>
          </Panel>
        )}
        </>}
      </main>
    </div>
  );
}

/** So that names, money and times are told as on our own pages. */
function shownBy(told: Told): void {
  const site = siteOf(told);
  timezone.value = site.timezone;
  const held = new Map(told.shelves.map((shelf) => [shelf.sku, shelf.on_hand]));
  const skus = Object.entries(told.names).map(([id, name]) => ({ id, name, on_hand: held.get(id) ?? 0 }) as SkuView);
  const rest = { needs: [], alerts: [], zones: [], devices: [], gateways: [], slots: [], arrivals: [], measures: [], rooms: [], assets: [], works: [] };
  book.value = open({ k: "s", v: "", epoch: "portal", q: 0, t: now.value, site, kpi: {} as never, skus, orders: told.orders, ...rest });
}

const siteOf = ({ site, currency, timezone: zone }: Told): SiteView => ({ id: site, name: site, currency, timezone: zone, racks: [] });

/** The emptiest of its room first. */
function byRoom(a: PortalShelf, b: PortalShelf): number {
  const fill = (one: PortalShelf) => one.projected / (one.least || one.most || 1);
  return fill(a) - fill(b);
}

function Shelf({ shelf, decider }: { shelf: PortalShelf; decider: "site" | "supplier" }) {
  const { least, most, on_hand, projected, forecast_28: ahead } = shelf;
  const short = least !== null && projected < least;
  const room = roomOf(shelf);
  return (
    <li class={short ? "low" : ""}>
      <div class="what">
        <strong>{shelf.name || shelf.sku}</strong>
        <span class="note">
          {shelf.sku}
          {" · "}
          {say(`portal.decides_${decider}`)}
          {shelf.trusted_ms !== null && <> · {say("portal.measured")} <Since at={shelf.trusted_ms} /></>}
        </span>
      </div>
      <Between shelf={shelf} />
      <dl class="shelf-facts">
        <div class="sum">
          <dt>{say("portal.on_hand")}</dt>
          <dd>{number(on_hand)}</dd>
        </div>
        <div>
          <dt>{say("portal.projected")}</dt>
          <dd>{number(projected)}</dd>
        </div>
        <div>
          <dt>{say("portal.between")}</dt>
          <dd>{`${least === null ? "0" : number(least)} – ${most === null ? "∞" : number(most)}`}</dd>
        </div>
        <div>
          <dt>{say("portal.forecast")}</dt>
          <dd>{ahead ? say("portal.range", { mean: figure(ahead.mean), low: figure(ahead.low), high: figure(ahead.high) }) : say("drawer.unknown")}</dd>
        </div>
      </dl>
      <span class={`note verdict ${short ? "short" : ""}`}>{short ? say("portal.short", { n: number(least - projected) }) : room !== null && room > 0 ? say("portal.room", { n: number(room) }) : room === null ? "" : say("portal.full")}</span>
    </li>
  );
}

/** On hand and what is coming, against the least and the most there should be. */
function Between({ shelf: { least, most, on_hand, projected, name } }: { shelf: PortalShelf }) {
  const whole = Math.max(most ?? 0, projected, on_hand, 1) * 1.08;
  const at = (units: number) => (100 * Math.max(0, units)) / whole;
  return (
    <svg class="between" viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label={say("portal.bar", { name, on_hand, projected, least: least ?? "–", most: most ?? "–" })}>
      <rect class="track" x="0" y="6" width="100" height="8" />
      <rect class="allowed" x={at(least ?? 0)} y="2" width={Math.max(0, at(most ?? whole) - at(least ?? 0))} height="16" />
      <rect class="coming" x="0" y="6" width={at(projected)} height="8" />
      <rect class="there" x="0" y="6" width={at(on_hand)} height="8" />
      {least !== null && <path class="point" d={`M${at(least)} 0v20`} />}
      {most !== null && <path class="point" d={`M${at(most)} 0v20`} />}
    </svg>
  );
}

function Papers({ kinds }: { kinds: string[] }) {
  return (
    <span class="papers">
      <span class="note">{say("portal.papers")}</span>
      {kinds.map((kind) => (
        <a key={kind} href={`api/v1/portal/papers/${kind}`} download>
          {kind}
        </a>
      ))}
    </span>
  );
}
