// The outbox as it is seen, loaded later: see ui/later.tsx. Its words come beside it.
import "../style/phone.css";

export { OutboxPage } from "./page";
