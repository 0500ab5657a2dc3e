// What gateways tell when they are asked, loaded later: see ui/later.tsx. Their words come beside them.
import "../style/gate.css";
import "../style/crew.css";
import "../style/field.css";

export { GatewayCards } from "./cards";
export { Gateway } from "./gateway";
export { HowCome } from "./how_come";
