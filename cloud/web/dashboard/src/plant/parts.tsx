// Equipment and cold rooms, loaded later: see ui/later.tsx. Their words come with them, and those of forms and refusals.
import { add } from "../words/words";
import { en as coldEn } from "../words/cold_en";
import { zh as coldZh } from "../words/cold_zh";
import { en as ordersEn } from "../words/orders_en";
import { zh as ordersZh } from "../words/orders_zh";
import { en as plantEn } from "../words/plant_en";
import { zh as plantZh } from "../words/plant_zh";
import { en as refusedEn } from "../words/refused_en";
import { zh as refusedZh } from "../words/refused_zh";
import { en as tradeEn } from "../words/trade_en";
import { zh as tradeZh } from "../words/trade_zh";
import { watch } from "./outbox";

add({ en: tradeEn, zh: tradeZh });
add({ en: ordersEn, zh: ordersZh });
add({ en: refusedEn, zh: refusedZh });
add({ en: plantEn, zh: plantZh });
add({ en: coldEn, zh: coldZh });
watch();

export { Cold } from "./cold";
export { Equipment } from "./equipment";
