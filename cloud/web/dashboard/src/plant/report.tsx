// A report to take away: a room, a period, a language; as plain links.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { dayOf, msOf } from "../core/forms";
import { now, zoneName } from "../state";
import { Panel } from "../ui/panel";
import { language, LANGUAGES, number, say, timezone, word } from "../words/words";
import { reportHref } from "./api";
import { DAY_MS, periodTrouble, REPORT_DAYS_MAX } from "./told";
import type { RoomView } from "../types";

const FIRST_DAYS = 7;

export function Report({ rooms }: { rooms: RoomView[] }) {
  const id = useId();
  const chosen = useSignal("");
  const [from, to] = [useSignal(dayOf(now.value - FIRST_DAYS * DAY_MS, timezone.value)), useSignal(dayOf(now.value, timezone.value))];
  const tongue = useSignal("");
  const named = [...rooms].sort((a, b) => zoneName(a.zone).localeCompare(zoneName(b.zone)));
  const room = rooms.find((one) => one.id === chosen.value) ?? named[0]!;
  const trouble = periodTrouble(from.value, to.value, dayOf(now.value, timezone.value), timezone.value);
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
        {([["from", from, { max: to.value }], ["to", to, { min: from.value }]] as const).map(([at, day, bounds]) => (
          <div key={at} class={`field date ${trouble?.at === at ? "wrong" : ""}`}>
            <label for={`${id}-${at}`}>{say(`cold.${at}_day`)}</label>
            <input id={`${id}-${at}`} type="date" {...bounds} value={day.value} aria-invalid={trouble?.at === at} aria-describedby={`${id}-${at}-said`} onInput={(event) => (day.value = event.currentTarget.value)} />
            <span id={`${id}-${at}-said`} class="trouble" role="status">{trouble?.at === at && word("period_trouble", trouble.code, { most: number(REPORT_DAYS_MAX) })}</span>
          </div>
        ))}
        <div class="field">
          <label for={`${id}-lang`}>{say("menu.language")}</label>
          <select id={`${id}-lang`} value={tongue.value || language.value} onInput={(event) => (tongue.value = event.currentTarget.value)}>
            {Object.entries(LANGUAGES).map(([code, name]) => (
              <option key={code} value={code} lang={code}>{name}</option>
            ))}
          </select>
        </div>
        <p class="acts">
          {!trouble && (["pdf", "csv"] as const).map((format) => (
            <a key={format} class={`button ${format === "pdf" ? "main" : ""}`} href={link(format)} download="">
              {say("cold.report_as", { format: format.toUpperCase() })}
            </a>
          ))}
        </p>
      </div>
    </Panel>
  );
}
