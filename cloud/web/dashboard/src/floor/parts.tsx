// The floor map's own page, loaded later: see ui/later.tsx. Its words come beside it.
import "../style/floor.css";

export { FloorPage } from "./page";
