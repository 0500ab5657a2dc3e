// What the alerts page is made of; loaded later: see ui/later.tsx. The words come with it.
import { en as crewEn } from "../words/crew_en";
import { zh as crewZh } from "../words/crew_zh";
import { en as meansEn } from "../words/means_en";
import { zh as meansZh } from "../words/means_zh";
import { en as plantEn } from "../words/plant_en";
import { zh as plantZh } from "../words/plant_zh";
import { en as refusedEn } from "../words/refused_en";
import { zh as refusedZh } from "../words/refused_zh";
import { en as tradeEn } from "../words/trade_en";
import { zh as tradeZh } from "../words/trade_zh";
import { add } from "../words/words";

add({ en: crewEn, zh: crewZh });
add({ en: meansEn, zh: meansZh });
add({ en: tradeEn, zh: tradeZh }); // the forms' words are there
add({ en: plantEn, zh: plantZh }); // and what is measured of equipment
add({ en: refusedEn, zh: refusedZh });

export { AlertsPage } from "./page";
