// Equipment and cold rooms, loaded later: see ui/later.tsx. Their words come beside them.

export { Cold } from "./cold";
export { Equipment } from "./equipment";
