// What is loaded later: see ui/later.tsx. Their words come beside them.
import "../style/trade.css";
import "../style/phone.css";

export { Card } from "./card";
export { Counting } from "./counting";
export { Figures } from "./figures";
export { OrderNeed } from "./order_need";
export { Orders } from "./orders";
export { Portal } from "./portal";
export { Supply } from "./supply";
export { Suppliers } from "./suppliers";
