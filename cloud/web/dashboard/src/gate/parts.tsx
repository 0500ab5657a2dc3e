// What gateways tell when they are asked, loaded later: see ui/later.tsx. Their words come beside them.

export { Gateway } from "./gateway";
export { HowCome } from "./how_come";
