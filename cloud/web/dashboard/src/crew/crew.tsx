// What the alerts page is made of; loaded later: see ui/later.tsx. Their words come beside them.

export { AlertsPage } from "./page";
