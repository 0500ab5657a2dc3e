// What somebody else did about an alert while a form about it was open: it is told in the form, which stays.
import { now } from "../state";
import { Meanwhile } from "../trade/meanwhile";
import type { AlertView } from "../types";
import { day, minute, say } from "../words/words";
import { nameOf } from "./names";
import { tabOf } from "./tabs";

/** `goOn`: with the alert as it is now; null where it is over. */
export function AlertMeanwhile({ was, alert, goOn }: { was: AlertView; alert: AlertView; goOn: (() => void) | null }) {
  const { acted_by: by, note } = alert;
  return (
    <Meanwhile told={by ? say("crew.meanwhile", { by }) : say("crew.meanwhile_unknown")} changes={changes(was, alert)} goOn={goOn}>
      {note && note !== was.note && <q>{note}</q>}
    </Meanwhile>
  );
}

function changes(was: AlertView, { shelved_until_ms: until, assigned_to, ...alert }: AlertView): string[] {
  const found: string[] = [];
  if (alert.state === "shelved" && until !== was.shelved_until_ms) {
    found.push(say("crew.shelved_until", { time: until - now.value < 86_400_000 ? minute(until) : `${day(until)} ${minute(until)}` }));
  } else if (alert.state !== was.state) {
    found.push(say(`crew.tab.${tabOf({ ...was, ...alert })}`));
  }
  if (assigned_to !== was.assigned_to) found.push(assigned_to ? say("crew.assigned", { name: nameOf(assigned_to) }) : `${say("crew.assignee")}: ${say("crew.nobody")}`);
  return found;
}
