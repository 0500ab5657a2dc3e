// Messages as they come, of one device or of all: only while this is looked at.
import { useSignal } from "@preact/signals";
import type { TailLine } from "../types_field";
import { clock, number, quantity, say } from "../words/words";
import { Panel } from "../ui/panel";
import { reason } from "../gate/asked";
import { useEvery } from "./every";
import type { Gate } from "./gate";

const AGAIN_MS = 1000;

export function TailPage({ gate, device }: { gate: Gate; device: string }) {
  const lines = useSignal<TailLine[]>([]);
  const after = useSignal(0);
  const skipped = useSignal(0);
  const limits = useSignal({ lines_max: 0, rate_max: 0 });
  const failed = useSignal("");
  const paused = useSignal(false);
  useEvery(AGAIN_MS, `${gate.id} ${device} ${paused.value}`, async () => {
    if (paused.value) return;
    try {
      const told = await gate.tail(device, after.peek());
      after.value = told.next;
      skipped.value += told.skipped + told.gone;
      limits.value = told;
      if (told.lines.length) lines.value = [...told.lines.reverse(), ...lines.peek()].slice(0, told.lines_max);
      failed.value = "";
    } catch (error) {
      failed.value = reason(error, gate.id);
    }
  });
  const { lines_max, rate_max } = limits.value;
  return (
    <Panel
      name="tail"
      title={device ? say("tail.of", { device }) : say("tail.title")}
      aside={
        <span class="taps">
          {device && <a href={gate.href("messages")}>{say("tail.all")}</a>}
          <button type="button" aria-pressed={paused.value} onClick={() => (paused.value = !paused.value)}>{say(paused.value ? "tail.go" : "tail.pause")}</button>
        </span>
      }
      foot={<p class="note">{rate_max > 0 && say("tail.limit", { rate: number(rate_max), lines: number(lines_max) })}{skipped.value > 0 && ` ${say("tail.skipped", { n: number(skipped.value) })}`}</p>}
    >
      {failed.value && <p class="calm" role="status">{failed.value}</p>}
      {!failed.value && lines.value.length === 0 && <p class="calm">{say("tail.none")}</p>}
      <ol class="tail-lines">
        {lines.value.map((one) => (
          <li key={one.number} class={one.bad ? "odd" : undefined}>
            <time dateTime={new Date(one.at_ms).toISOString()}>{clock(one.at_ms)}</time> <b>{one.topic}</b>{" "}
            <span class="note">{quantity(one.size, "B")}{one.bad && <> · ▲ {one.bad}</>}</span>
            <code>{one.text}</code>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
