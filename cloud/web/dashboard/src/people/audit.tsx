// Who did what, the newest first, by who and when; for admins.
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { useAsked } from "../trade/asked";
import type { DeedView } from "../types_people";
import { may, now } from "../state";
import { Panel } from "../ui/panel";
import { exact, known, moment, number, say, word } from "../words/words";
import { deeds } from "./api";

const AT_ONCE = 100;
const OLDER_MAX = 2000;
const DAY_MS = 86_400_000;
const DAYS = [1, 7, 30];

export function Audit() {
  return may("govern") ? <Entries /> : <Panel name="audit" title={say("audit.title")}><p class="calm">{say("audit.for_admins")}</p></Panel>;
}

function Entries() {
  const who = useSignal("");
  const days = useSignal("");
  const older = useSignal<DeedView[]>([]);
  const next = useSignal<string | null | undefined>(undefined);
  const trouble = useSignal(false);
  const id = useId();
  const sought = () => ({
    limit: String(AT_ONCE),
    ...(who.value && { who: who.value }),
    ...(days.value && { from: String(Math.round(now.peek() - Number(days.value) * DAY_MS)) }),
  });
  const [asked] = useAsked(`audit ${who.value} ${days.value}`, () => deeds(sought()));
  const { value, failed } = asked.value;
  const all = [...(value?.items ?? []), ...older.value];
  const after = next.value === undefined ? (value?.next ?? null) : next.value;
  const look = (change: () => void) => {
    change();
    older.value = [];
    next.value = undefined;
  };
  const more = async () => {
    trouble.value = false;
    try {
      const page = await deeds({ ...sought(), after: after! });
      older.value = [...older.value, ...page.items];
      next.value = older.value.length > OLDER_MAX ? null : page.next;
    } catch {
      trouble.value = true;
    }
  };
  return (
    <Panel
      name="audit"
      title={say("audit.title")}
      aside={value && say("audit.kept", { n: number(value.kept) })}
      foot={
        after !== null && (
          <div class="acts padded">
            <button type="button" onClick={() => void more()}>{say("audit.older")}</button>
            <span class="trouble" role="status">{trouble.value && say("later.failed")}</span>
          </div>
        )
      }
    >
      <form class="past-search" role="search" aria-label={say("audit.search")} onSubmit={(event) => event.preventDefault()}>
        <input id={`${id}-who`} aria-label={say("audit.who")} placeholder={say("audit.who")} value={who.value} autocomplete="off" onChange={(event) => look(() => (who.value = event.currentTarget.value.trim()))} />
        <select aria-label={say("audit.when")} value={days.value} onChange={(event) => look(() => (days.value = event.currentTarget.value))}>
          <option value="">{say("audit.any_time")}</option>
          {DAYS.map((n) => <option key={n} value={String(n)}>{n === 1 ? say("audit.day") : say("audit.days", { n: number(n) })}</option>)}
        </select>
      </form>
      {value && value.lost > 0 && <p class="trouble padded">{say("audit.lost", { n: number(value.lost) })}</p>}
      {!value && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
      {value && !all.length && <p class="calm">{say("audit.none")}</p>}
      <ul class="rows">
        {all.map((one) => <Deed key={one.id} one={one} />)}
      </ul>
    </Panel>
  );
}

/** An address without what all of them begin with. */
function about(subject: string): string {
  try {
    return decodeURIComponent(subject.replace(/^\/api\/v1\//, ""));
  } catch {
    return subject; // it was cut short
  }
}

/** A note in the language that is shown: what it tells of a role, and which field of the site became what. */
function noted(note: string): string {
  return note.split(", ").map((part) => {
    const [, key, value] = /^(.+): (.+)$/.exec(part) ?? /^(role|disabled) (\S+)$/.exec(part) ?? []; // the latter: as it was once written
    if (!key || !value) return part;
    if (key === "disabled") return say(/^(yes|True)$/.test(value) ? "users.disabled" : "users.enabled");
    if (key === "role" || key === "supplier") return `${say(`users.${key}`)}: ${key === "role" ? word("role", value) : value}`;
    return `${known("sf", key) ? word("sf", key) : key}: ${known("role", value) ? word("role", value) : value}`;
  }).join(", ");
}

function Deed({ one }: { one: DeedView }) {
  const refused = one.status >= 400;
  const what = known("deed", one.what) ? word("deed", one.what) : one.what;
  return (
    <li class={refused ? "refused" : ""}>
      <div class="what">
        <span>
          <strong>{one.who || say("audit.nobody")}</strong> {what}{" "}
          {refused && <span class="tag late">{say("audit.refused")}</span>}
        </span>
        {refused && <span class="note">{known("refused", one.code) ? word("refused", one.code) : one.code || one.status}</span>}
        <span class="note">
          <time dateTime={new Date(one.at_ms).toISOString()} title={exact(one.at_ms)}>{moment(one.at_ms)}</time>
          {[about(one.subject), noted(one.note), one.token && say("audit.token", { name: one.token }), one.address].filter(Boolean).map((part) => ` · ${part}`)}
        </span>
      </div>
    </li>
  );
}
