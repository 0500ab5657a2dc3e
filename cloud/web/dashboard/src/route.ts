// Every view is an address: #/, #/alerts, #/stock ... and over it #/slot/ID or #/sku/ID; #/orders/7 is
// one order among the others. Back works.
import { signal } from "@preact/signals";

export const PAGES = ["overview", "map", "alerts", "stock", "replenishment", "orders", "counting", "suppliers", "figures", "equipment", "cold", "devices"] as const;
/** Behind the menu. */
export const OWN_PAGES = ["account", "outbox", "users", "site", "channels", "audit"] as const;
export type NavPage = (typeof PAGES)[number];
export type Page = NavPage | (typeof OWN_PAGES)[number];
/** "nowhere": of an address that is none of these. */
export type Shown = Page | "nowhere";
export interface Detail {
  kind: "slot" | "sku";
  id: string;
}

export const page = signal<Shown>("overview");
export const detail = signal<Detail | null>(null);
/** What of the page is meant, as 7 in #/orders/7 or a slot in #/counting/SLOT; "" for none. */
export const part = signal("");
/** What stands behind the "?" of an address: how much of the page is meant, as the days of a chart. */
export const query = signal(new URLSearchParams());
/** The address of what lies under the drawer. */
export const under = signal("#/");

export const hrefOf = (one: Page): string => (one === "overview" ? "#/" : `#/${one}`);
export const countHref = (place: string): string => `#/counting/${encodeURIComponent(place)}`;
export const orderHref = (id: number): string => `#/orders/${id}`;
export const assetHref = (id: string): string => `#/equipment/${encodeURIComponent(id)}`;
export const workHref = (id: number | "" = ""): string => `#/equipment/orders${id ? `/${id}` : ""}`;
export const excursionHref = (id: number): string => `#/cold/${id}`;
/** The floor map: a layer of it, and what is sought on it. */
export const mapHref = (layer: string, sought = ""): string => `#/map/${layer}${sought && `/${encodeURIComponent(sought)}`}`;
export const gatewayHref = (id: string): string => `#/devices/${encodeURIComponent(id)}`;
export const slotHref = (id: string): string => `#/slot/${encodeURIComponent(id)}`;
/** The whole page of an article, over so many past days; the drawer beside any page is `skuHref`. */
export const skuPageHref = (id: string, days = 0): string => `#/stock/${encodeURIComponent(id)}${days ? `?days=${days}` : ""}`;
export const replenishHref = (tab: string, asked = ""): string => `#/replenishment${tab && `/${tab}`}${asked && `?${asked}`}`;
export const skuHref = (id: string): string => `#/sku/${encodeURIComponent(id)}`;

/** What an address means; of an unknown one that is told. Pure. */
export function read(hash: string): { page: Shown | null; detail: Detail | null } {
  const [first = "", ...rest] = hash.replace(/^#\/?/, "").split("?")[0]!.split("/");
  if ((first === "slot" || first === "sku") && rest.length) return { page: null, detail: { kind: first, id: decoded(rest.join("/")) } };
  return { page: first === "" ? "overview" : ([...PAGES, ...OWN_PAGES].find((one) => one === first) ?? "nowhere"), detail: null };
}

export function follow(): void {
  const { page: next, detail: over } = read(location.hash);
  if (next) {
    page.value = next;
    under.value = location.hash || "#/";
    const [path = "", asked = ""] = location.hash.split("?");
    part.value = decoded(path.split("/").slice(2).join("/"));
    query.value = new URLSearchParams(asked);
  }
  detail.value = over;
}

/** What is asked for behind the "?" of this address from now on; "" is left out. It is no step to go back. */
export function asking(given: Record<string, string>): void {
  const asked = new URLSearchParams(Object.entries(given).filter(([, value]) => value)).toString();
  history.replaceState(null, "", `${location.hash.split("?")[0] || "#/"}${asked && `?${asked}`}`);
  follow();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
