// The steps of an order, given to the outbox.
import { type Kept, ofThing } from "../core/outbox";
import { give, me, mine, stuck } from "../outbox/outbox";
import type { WorkView } from "../types";
import type { WorkBody } from "./api";

/** What is said of an order's cause: it is no step of the order, and has no version. */
export const VERDICT = "verdict";

/** What of an order is not sent yet, or was refused; of 0 what is being opened. */
export const waitingFor = (work: number): Kept[] => stuck.value.filter((one) => one.kind === "work" && one.told.work === work);

/** Do it now, or keep it for when the service can be reached. Throws `Refused` where the service says no. */
export async function send(path: string, action: string, work: WorkView | null, body: WorkBody, key: string): Promise<void> {
  const thing = work ? `work ${work.id}` : "";
  // behind what waits of the same order its version can not be known
  const behind = thing !== "" && ofThing(mine.value, me(), thing).some((one) => one.state !== "sent");
  const told = { action, work: work?.id ?? 0, title: body.title ?? "" };
  await give({ kind: "work", thing, path, body: { ...body, ...(behind && body.version && { version: 0 }) }, told }, key);
}
