// What the alerts page is made of; loaded later: see ui/later.tsx. Their words come beside them.
import "../style/trade.css";
import "../style/crew.css";

export { AlertsPage } from "./page";
