// Equipment and cold rooms, loaded later: see ui/later.tsx. Their words come beside them.
import "../style/trade.css";
import "../style/crew.css";
import "../style/plant.css";

export { Cold } from "./cold";
export { Equipment } from "./equipment";
