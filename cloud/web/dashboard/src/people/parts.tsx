// The own account, users and the audit, loaded later: see ui/later.tsx. Their words come with them, and those of forms.
import { add } from "../words/words";
import { en as doorEn } from "../words/door_en";
import { zh as doorZh } from "../words/door_zh";
import { en as ordersEn } from "../words/orders_en";
import { zh as ordersZh } from "../words/orders_zh";
import { en as peopleEn } from "../words/people_en";
import { zh as peopleZh } from "../words/people_zh";
import { en as refusedEn } from "../words/refused_en";
import { zh as refusedZh } from "../words/refused_zh";
import { en as tradeEn } from "../words/trade_en";
import { zh as tradeZh } from "../words/trade_zh";

add({ en: doorEn, zh: doorZh });
add({ en: tradeEn, zh: tradeZh });
add({ en: ordersEn, zh: ordersZh });
add({ en: refusedEn, zh: refusedZh });
add({ en: peopleEn, zh: peopleZh });

export { Account } from "./account";
export { Audit } from "./audit";
export { ChooseFirst } from "./choose";
export { Users } from "./users";
