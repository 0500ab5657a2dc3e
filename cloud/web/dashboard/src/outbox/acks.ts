// Acknowledging an alert by way of the outbox; which alerts wait for it is told to the lists.
import { effect } from "@preact/signals";
import { ofThing } from "../core/outbox";
import { acknowledging, takeBy } from "../ui/acknowledge";
import { deliver, give, kept, me, mine, stuck } from "./outbox";
import { why } from "./told";

effect(() => {
  const open = stuck.value.filter((one) => one.kind === "ack");
  acknowledging.value = new Map(open.map((one) => [Number(one.told.alert), one.state === "refused" ? why(one).words : ""]));
});

/** Whether the service has it by now; else it waits. Throws `Refused` where the service says no. */
export async function acknowledge(alert: number, title: string, note: string): Promise<boolean> {
  const thing = `ack ${alert}`;
  const before = ofThing(mine.value, me(), thing).find((one) => one.state === "waiting");
  if (before && (before.body as { note: string }).note === note) {
    await deliver();
    return !kept.value.some((one) => one.key === before.key && one.state === "waiting");
  }
  const { state } = await give({ kind: "ack", thing, path: `api/v1/alerts/${alert}/ack`, body: { note }, told: { alert, title } });
  return state === "sent";
}

takeBy(acknowledge);
