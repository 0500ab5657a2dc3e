// What is loaded later: see ui/later.tsx. The words come with it.
import { add } from "../words/words";
import { en } from "../words/trade_en";
import { zh } from "../words/trade_zh";

add({ en, zh });

export { Card } from "./card";
export { Counting } from "./counting";
export { Figures } from "./figures";
export { OrderNeed } from "./order_need";
export { Orders } from "./orders";
export { Portal } from "./portal";
export { Supply } from "./supply";
export { Suppliers } from "./suppliers";
