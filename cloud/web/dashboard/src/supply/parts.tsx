// Replenishment and the page of an article, loaded later: see ui/later.tsx. Their words come beside them.
import "../style/trade.css";
import "../style/phone.css";
import "../style/supply.css";

export { Replenishment } from "./page";
export { SkuPage } from "./sku";
