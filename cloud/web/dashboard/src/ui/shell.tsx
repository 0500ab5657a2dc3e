// The frame of all pages: header, pages, what state the link is in, and the drawer over it.
import { useEffect, useRef } from "preact/hooks";
import { hrefOf, type NavPage, page, PAGES, part } from "../route";
import { outdated } from "../renew";
import { arrivals, book, broad, heardAt, keys, kpi, link, may, narrow, now, orders, roomy, site, unreachable, wall } from "../state";
import { clock, exact, number, say, zoneName } from "../words/words";
import { Alerts } from "./alerts";
import { Devices } from "./devices";
import { Drawer } from "./drawer";
import { badge, fetchCrew, fetchOutbox, fetchParts, fetchPlant, Later, LaterAudit, LaterCrew, LaterFloor, LaterFront, LaterGate, LaterOutbox, LaterPeople, LaterPlant, LaterSite, LaterSupply } from "./later";
import { FloorMap } from "./map";
import { Menu } from "./menu";
import { Nowhere } from "./nowhere";
import { Stock } from "./stock";
import { Tiles } from "./tiles";

let ways: Promise<typeof import("../front/keys")> | null = null;

/** So long after the first load the pages of alerts, equipment, cold rooms and counting are fetched too: what is done there must be
 *  at hand when there is no connection. */
const AHEAD_MS = 5000;

export function Shell() {
  useEffect(() => {
    const ahead = setTimeout(() => (fetchOutbox(), import("../outbox/last").then(({ keep }) => keep(), () => undefined), fetchCrew(), fetchPlant(), fetchParts()), AHEAD_MS);
    return () => clearTimeout(ahead);
  }, []);
  useEffect(() => {
    if (wall) void import("../front/wake").then(({ stayAwake }) => stayAwake(), () => undefined);
    else if (localStorage.getItem("sound") === "on") void import("../front/sound").catch(() => undefined);
    const pressed = (event: KeyboardEvent) => {
      const busy = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || (event.target as Element).closest?.("input, textarea, select, dialog");
      if (!keys.value || wall || busy || !/^[a-z/?]$/.test(event.key)) return;
      if (event.key === "/") event.preventDefault();
      ways ??= import("../front/keys"); // one promise: what is pressed while it loads stays in its order
      ways.then(({ press }) => press(event.key, event.timeStamp), () => (ways = null));
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  if (!book.value) return <p class="waiting" role="status">{say(unreachable.value ? "loading.failed" : "loading.text")}</p>;
  return (
    <div class={`shell on-${page.value} ${link.value}`}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        {say("nav.skip")}
      </a>
      <Header />
      <div class="banners" role="status">
        {link.value === "stale" && <p class="banner">{say("stale.text", { time: clock(heardAt.value) })}</p>}
        {outdated.value && <p class="banner">{say("update.text")}</p>}
      </div>
      <main id="main" tabIndex={-1}>
        <View key={page.value} />
      </main>
      <Drawer />
    </div>
  );
}

/** One page. Each has its own key, so that nothing typed or unfolded on one is found on another. */
function View() {
  const shown = page.value;
  useEffect(() => {
    document.getElementById("main")?.scrollTo(0, 0);
    scrollTo(0, 0);
  }, [shown]);
  switch (shown) {
    case "map":
      return <LaterFloor part="FloorPage" />;
    case "alerts":
      return <LaterCrew part="AlertsPage" />;
    case "stock":
      return part.value ? <LaterSupply part="SkuPage" key={part.value} id={part.value} /> : <Stock />;
    case "replenishment":
      return <LaterSupply part="Replenishment" />;
    case "orders":
      return <Later part="Orders" />;
    case "counting":
      return <Later part="Counting" />;
    case "suppliers":
      return <Later part="Suppliers" />;
    case "figures":
      return <Later part="Figures" />;
    case "equipment":
      return <LaterPlant part="Equipment" />;
    case "cold":
      return <LaterPlant part="Cold" />;
    case "devices":
      return part.value ? (
        <LaterGate part="Gateway" key={part.value} />
      ) : (
        <>
          <LaterGate part="GatewayCards" />
          <Devices />
        </>
      );
    case "account":
      return <LaterPeople part="Account" />;
    case "outbox":
      return <LaterOutbox part="OutboxPage" />;
    case "users":
      return <LaterPeople part="Users" />;
    case "site":
      return <LaterSite part="SitePage" />;
    case "channels":
      return <LaterSite part="Channels" />;
    case "audit":
      return <LaterAudit part="Audit" />;
    case "nowhere":
      return <Nowhere />;
    case "overview":
      return (
        <>
          <Tiles />
          <FloorMap />
          <LaterFront part="Trends" />
          <Alerts limit={roomy.value ? 30 : 5} />
          <Stock limit={wall ? 4 : roomy.value ? 30 : 6} />
        </>
      );
  }
}

const ICONS: Record<NavPage, string> = {
  overview: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  map: "M2.5 5l5-2 5 2 5-2v12l-5 2-5-2-5 2zM7.5 3v12M12.5 5v12",
  alerts: "M10 2.5a5 5 0 0 1 5 5c0 5 2 6 2 6H3s2-1 2-6a5 5 0 0 1 5-5zM8.3 16.5a1.8 1.8 0 0 0 3.4 0",
  stock: "M3 7l7-4 7 4v7l-7 4-7-4zM3 7l7 4 7-4M10 11v7",
  replenishment: "M2 5h9v8H2zM11 8h4l3 3v2h-7M5.5 15.5a1.5 1.5 0 1 0 0-.01M14 15.5a1.5 1.5 0 1 0 0-.01",
  orders: "M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5M7.5 9.5h5.5M7.5 12.5h5.5",
  counting: "M4 3h12v14H4zM7 6h6M7 10h.01M10 10h.01M13 10h.01M7 13.5h.01M10 13.5h.01M13 13.5h.01",
  suppliers: "M2.5 17V9l5 3V9l5 3V4h5v13zM6 14.5h2M11 14.5h2",
  figures: "M3 17h14M5.5 14V9M10 14V4M14.5 14v-3",
  equipment: "M12.5 3.2a4.3 4.3 0 0 0-5 5.8L3 13.5 6.5 17l4.5-4.5a4.3 4.3 0 0 0 5.8-5l-2.6 2.6-2.9-.7-.7-2.9z",
  cold: "M10 2v16M3.1 6l13.8 8M16.9 6 3.1 14M8 3.5l2 1.8 2-1.8M8 16.5l2-1.8 2 1.8",
  devices: "M10 13v4M7 17h6M5.5 10.5a6 6 0 0 1 9 0M3 8a9.5 9.5 0 0 1 14 0M10 13.2v-.4",
};

function Header() {
  const open = kpi.value?.open_alerts ?? 0;
  return (
    <header class="top">
      <h1>
        {say("product")} <span>{site.value?.name}</span>
      </h1>
      {!wall && <Pages open={open} />}
      <div class="now">
        {badge.value && <badge.value />}
        <span class={`link ${link.value}`}>
          <i aria-hidden="true" /> {say(`link.${link.value}`)}
        </span>
        <time title={`${exact(now.value)} · ${site.value?.timezone ?? ""}`}>
          <b>{clock(now.value)}</b> <small>{zoneName(now.value)}</small>
        </time>
      </div>
      {!wall && <Menu />}
    </header>
  );
}

/** On a phone there is room for four; the others are behind the fifth. */
const FIRST: NavPage[] = ["overview", "alerts", "replenishment", "counting"];
/** On a screen of usual width there is no room for these. */
const SELDOM: NavPage[] = ["suppliers", "figures"];

function Pages({ open }: { open: number }) {
  const home = useRef<HTMLDetailsElement>(null);
  const first = narrow.value ? FIRST : broad.value ? PAGES : PAGES.filter((one) => !SELDOM.includes(one));
  const waiting = may("handle") ? arrivals.value.size + [...orders.value.values()].filter((one) => one.state === "draft" || one.state === "approved" || one.asking.length > 0).length : 0;
  const more = PAGES.filter((one) => !first.includes(one));
  useEffect(() => home.current?.removeAttribute("open"), [page.value]);
  useEffect(() => {
    const outside = (event: Event) => !home.current?.contains(event.target as Node) && home.current?.removeAttribute("open");
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !home.current?.open) return;
      home.current.removeAttribute("open");
      home.current.querySelector("summary")?.focus();
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape);
    };
  }, []);
  const linkTo = (one: NavPage) => (
    <a key={one} href={hrefOf(one)} aria-current={page.value === one ? "page" : undefined} onClick={() => home.current?.removeAttribute("open")}>
      <Icon path={ICONS[one]} />
      <span>{say(one === "replenishment" && narrow.value ? "nav.replenishment_short" : `nav.${one}`)}</span>
      {one === "alerts" && open > 0 && <b class="badge">{number(open)}</b>}
      {one === "orders" && waiting > 0 && <b class="badge calm">{number(waiting)}</b>}
    </a>
  );
  return (
    <nav aria-label={say("nav.label")}>
      {first.map(linkTo)}
      {more.length > 0 && (
        <details class="more-pages" ref={home}>
          <summary class={more.some((one) => one === page.value) ? "here" : ""}>
            <Icon path="M4 10h.01M10 10h.01M16 10h.01" />
            <span>{say("nav.more")}</span>
            {waiting > 0 && <b class="badge calm">{number(waiting)}</b>}
          </summary>
          <div class="pages">{more.map(linkTo)}</div>
        </details>
      )}
    </nav>
  );
}

const Icon = ({ path }: { path: string }) => (
  <svg viewBox="0 0 20 20" aria-hidden="true">
    <path d={path} />
  </svg>
);
