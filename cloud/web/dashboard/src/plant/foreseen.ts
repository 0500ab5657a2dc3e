// An order as it will be when what waits of it has been sent. Pure.
import type { Kept } from "../core/outbox";
import type { WorkView } from "../types";

type State = WorkView["state"];

const AFTER: Record<string, State> = { start: "in_work", finish: "done", cancel: "cancelled" };
const POSSIBLE: Record<State, string[]> = {
  draft: ["change", "start", "cancel"],
  planned: ["change", "start", "take", "finish", "cancel"],
  in_work: ["change", "take", "finish", "cancel"],
  done: [],
  cancelled: [],
};

/** An order as it will be when what waits has been sent: its state, and what may be done then. Pure. */
export function foreseen(order: WorkView, waiting: readonly Kept[]): { state: State; may: string[] } {
  const good = waiting.filter((one) => one.state === "waiting");
  if (!good.length) return { state: order.state, may: order.may };
  const state = good.reduce<State>((now, { told }) => AFTER[String(told.action)] ?? now, order.state);
  return { state, may: POSSIBLE[state] };
}
