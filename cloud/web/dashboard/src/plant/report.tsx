// A report to take away: a room, a period, a language; as plain links.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { dayOf, msOf } from "../core/forms";
import { now, zoneName } from "../state";
import { Panel } from "../ui/panel";
import { language, LANGUAGES, say, timezone } from "../words/words";
import { reportHref } from "./api";
import { DAY_MS } from "./told";
import type { RoomView } from "../types";

const FIRST_DAYS = 7;

export function Report({ rooms }: { rooms: RoomView[] }) {
  const id = useId();
  const chosen = useSignal("");
  const [from, to] = [useSignal(dayOf(now.value - FIRST_DAYS * DAY_MS, timezone.value)), useSignal(dayOf(now.value, timezone.value))];
  const tongue = useSignal("");
  const named = [...rooms].sort((a, b) => zoneName(a.zone).localeCompare(zoneName(b.zone)));
  const room = rooms.find((one) => one.id === chosen.value) ?? named[0]!;
  const trouble = !from.value || !to.value || from.value > to.value;
  const link = (format: "pdf" | "csv") =>
    reportHref({ zone: room.zone, storage: room.storage, from: msOf(`${from.value}T00:00`, timezone.value), to: Math.min(msOf(`${to.value}T00:00`, timezone.value) + DAY_MS, now.value), format, lang: tongue.value || language.value });
  return (
    <Panel name="report" title={say("cold.report")}>
      <div class="report-of fields">
        <div class="field">
          <label for={`${id}-room`}>{say("cold.room")}</label>
          <select id={`${id}-room`} value={room.id} onInput={(event) => (chosen.value = event.currentTarget.value)}>
            {named.map((one) => (
              <option key={one.id} value={one.id}>{[zoneName(one.zone), one.storage].filter(Boolean).join(" · ")}</option>
            ))}
          </select>
        </div>
        <div class="field date">
          <label for={`${id}-from`}>{say("cold.from_day")}</label>
          <input id={`${id}-from`} type="date" value={from.value} max={to.value} onInput={(event) => (from.value = event.currentTarget.value)} />
        </div>
        <div class="field date">
          <label for={`${id}-to`}>{say("cold.to_day")}</label>
          <input id={`${id}-to`} type="date" value={to.value} min={from.value} onInput={(event) => (to.value = event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for={`${id}-lang`}>{say("menu.language")}</label>
          <select id={`${id}-lang`} value={tongue.value || language.value} onInput={(event) => (tongue.value = event.currentTarget.value)}>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>{name}</option>
            ))}
          </select>
        </div>
        <p class="acts">
          {trouble ? (
            <span class="trouble" role="status">{say("cold.period_wrong")}</span>
          ) : (
            (["pdf", "csv"] as const).map((format) => (
              <a key={format} class={`button ${format === "pdf" ? "main" : ""}`} href={link(format)} download="">
                {say("cold.report_as", { format: format.toUpperCase() })}
              </a>
            ))
          )}
        </p>
      </div>
    </Panel>
  );
}
