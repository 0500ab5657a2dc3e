// In a flood: taking on all alerts of a zone, by two taps. Each is acknowledged by itself, so what is refused is told and
// the others stand.
import { useSignal } from "@preact/signals";
import { acknowledge } from "../outbox/acks";
import type { AlertView } from "../types";
import { titled } from "../ui/said";
import { number, say } from "../words/words";

const AT_ONCE = 4;

interface Progress {
  done: number;
  failed: number;
  /** They wait to be sent. */
  waits: number;
  of: number;
  busy: boolean;
}

/** `acted`: this one is taken on here. */
export function TakeAll({ alerts, where, acted }: { alerts: AlertView[]; where: string; acted: (id: number) => void }) {
  const sure = useSignal(false);
  const progress = useSignal<Progress | null>(null);
  const open = alerts.filter((one) => one.state === "firing");
  const take = async () => {
    if (progress.value?.busy) return;
    sure.value = false;
    const queue = [...open];
    for (const one of queue) acted(one.id); // before their deltas come: the rows are to stay
    progress.value = { done: 0, failed: 0, waits: 0, of: queue.length, busy: true };
    const one = async () => {
      for (let alert = queue.shift(); alert; alert = queue.shift()) {
        try {
          const sent = await acknowledge(alert.id, titled(alert), "");
          const [done, waits] = [progress.value!.done + Number(sent), progress.value!.waits + Number(!sent)];
          progress.value = { ...progress.value!, done, waits };
        } catch {
          progress.value = { ...progress.value!, failed: progress.value!.failed + 1 };
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    progress.value = { ...progress.value!, busy: false };
  };
  const { done = 0, failed = 0, waits = 0, of = 0, busy = false } = progress.value ?? {};
  if (!open.length && !progress.value) return null;
  return (
    <span class="take-all">
      {open.length > 0 && !busy && !sure.value && (
        <button type="button" aria-label={say("crew.about", { what: say("all.take", { n: open.length }), title: where })} onClick={() => (sure.value = true)}>
          {say("all.take", { n: open.length })}
        </button>
      )}
      {sure.value && !busy && (
        <>
          <button type="button" class="main" onClick={() => void take()}>{say("all.sure", { n: open.length })}</button>
          <button type="button" onClick={() => (sure.value = false)}>{say("form.leave")}</button>
        </>
      )}
      <span class={failed ? "trouble" : "note"} role="status">
        {busy ? say("all.busy", { n: number(done + failed + waits), of: number(of) }) : failed > 0 ? say("all.failed", { n: number(failed) }) : waits > 0 ? say("outbox.badge", { n: number(waits) }) : progress.value ? say("all.done", { n: number(done) }) : ""}
      </span>
    </span>
  );
}
