// The frame of all pages: header, pages, what state the link is in, and the drawer over it.
import { useEffect } from "preact/hooks";
import { hrefOf, type Page, page, PAGES } from "../route";
import { alertsInOrder, book, heardAt, link, narrow, now, outdated, roomy, site, unreachable, wall } from "../state";
import { clock, exact, number, say, zoneName } from "../words/words";
import { Alerts, Resolved } from "./alerts";
import { Climate } from "./climate";
import { Devices } from "./devices";
import { Drawer } from "./drawer";
import { Kpis } from "./kpis";
import { FloorMap } from "./map";
import { Menu } from "./menu";
import { Needs, NeedsDone } from "./needs";
import { Stock } from "./stock";

export function Shell() {
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
    case "alerts":
      return (
        <>
          <Alerts />
          <Resolved />
        </>
      );
    case "stock":
      return <Stock />;
    case "replenishment":
      return (
        <>
          <Needs />
          <NeedsDone />
        </>
      );
    case "devices":
      return <Devices />;
    case "overview":
      return (
        <>
          <Kpis />
          <FloorMap />
          <Climate />
          <Alerts limit={roomy.value ? 30 : 5} />
          <Needs limit={roomy.value ? 30 : 5} />
          <Stock limit={roomy.value ? 30 : 6} />
          <Devices limit={roomy.value ? 30 : 5} />
        </>
      );
  }
}

const ICONS: Record<Page, string> = {
  overview: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  alerts: "M10 2.5a5 5 0 0 1 5 5c0 5 2 6 2 6H3s2-1 2-6a5 5 0 0 1 5-5zM8.3 16.5a1.8 1.8 0 0 0 3.4 0",
  stock: "M3 7l7-4 7 4v7l-7 4-7-4zM3 7l7 4 7-4M10 11v7",
  replenishment: "M2 5h9v8H2zM11 8h4l3 3v2h-7M5.5 15.5a1.5 1.5 0 1 0 0-.01M14 15.5a1.5 1.5 0 1 0 0-.01",
  devices: "M10 13v4M7 17h6M5.5 10.5a6 6 0 0 1 9 0M3 8a9.5 9.5 0 0 1 14 0M10 13.2v-.4",
};

function Header() {
  const open = alertsInOrder.value.filter((alert) => alert.state === "firing").length;
  return (
    <header class="top">
      <h1>
        {say("product")} <span>{site.value?.name}</span>
      </h1>
      {!wall && (
        <nav aria-label={say("nav.label")}>
          {PAGES.map((one) => (
            <a key={one} href={hrefOf(one)} aria-current={page.value === one ? "page" : undefined}>
              <svg viewBox="0 0 20 20" aria-hidden="true">
                <path d={ICONS[one]} />
              </svg>
              <span>{say(one === "replenishment" && narrow.value ? "nav.replenishment_short" : `nav.${one}`)}</span>
              {one === "alerts" && open > 0 && <b class="badge">{number(open)}</b>}
            </a>
          ))}
        </nav>
      )}
      <div class="now">
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
