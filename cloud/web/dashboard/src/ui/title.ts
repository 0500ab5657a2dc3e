// What the browser calls what is shown: in its tab, its history and its bookmarks.
import { effect } from "@preact/signals";
import { detail, OWN_PAGES, page, part } from "../route";
import { may, site, skuName } from "../state";
import { known, say, word } from "../words/words";

/** What of a page is meant, where that has a name. */
function meant(): string {
  if (detail.value) return detail.value.kind === "sku" ? skuName(detail.value.id) : detail.value.id;
  const [first = ""] = part.value.split("/");
  if (page.value === "stock") return first && skuName(first);
  return ["devices", "orders"].includes(page.value) || (page.value === "equipment" && first !== "orders") ? first : "";
}

/** From now on, once there are words. */
export const entitle = (): void => void effect(() => {
  const own = OWN_PAGES.some((one) => one === page.value);
  const called = may("look") && known(own ? "menu" : "nav", page.value) ? word(own ? "menu" : "nav", page.value) : "";
  document.title = [called && meant(), called, site.value?.name, say("product")].filter(Boolean).join(" · ");
});
