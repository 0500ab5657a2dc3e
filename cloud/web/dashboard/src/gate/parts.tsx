// What gateways tell when they are asked, loaded later: see ui/later.tsx. Their words come beside them.
import "../style/gate.css";

export { Gateway } from "./gateway";
export { HowCome } from "./how_come";
