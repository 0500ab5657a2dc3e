// The outbox as it is seen, loaded later: see ui/later.tsx. Its words come beside it.

export { OutboxPage } from "./page";
