// What is loaded later: see ui/later.tsx. The words come with it.
import { add } from "../words/words";
import { en as ordersEn } from "../words/orders_en";
import { zh as ordersZh } from "../words/orders_zh";
import { en as portalEn } from "../words/portal_en";
import { zh as portalZh } from "../words/portal_zh";
import { en as refusedEn } from "../words/refused_en";
import { zh as refusedZh } from "../words/refused_zh";
import { en } from "../words/trade_en";
import { zh } from "../words/trade_zh";

add({ en, zh });
add({ en: ordersEn, zh: ordersZh });
add({ en: portalEn, zh: portalZh });
add({ en: refusedEn, zh: refusedZh });

export { Card } from "./card";
export { Counting } from "./counting";
export { Figures } from "./figures";
export { OrderNeed } from "./order_need";
export { Orders } from "./orders";
export { Portal } from "./portal";
export { Supply } from "./supply";
export { Suppliers } from "./suppliers";
