// The log of notices: who was told what, by which way, and whether it arrived. The newest first, older ones on demand.
import { useSignal } from "@preact/signals";
import { useAsked } from "../trade/asked";
import { Panel, Since } from "../ui/panel";
import { day, minute, number, say, word } from "../words/words";
import { notices } from "./api";
import { Failed } from "./failed";
import type { NoticeView } from "../types_crew";

const AT_ONCE = 50;
const OLDER_MAX = 1000;
const AGAIN_MS = 15_000;

export function Notices() {
  const [asked, again] = useAsked("notices", () => notices("", AT_ONCE), AGAIN_MS);
  const older = useSignal<NoticeView[]>([]);
  const next = useSignal<string | null | undefined>(undefined);
  const busy = useSignal(false);
  const failedOlder = useSignal(false);
  const { value, failed } = asked.value;
  const first = value?.items ?? [];
  const held = new Map([...first, ...older.value.filter((one) => !first.some((newer) => newer.id === one.id))].map((one) => [one.id, one]));
  const all = [...held.values()].sort((a, b) => b.id - a.id);
  const after = next.value === undefined ? (value?.next ?? null) : next.value;
  const more = async () => {
    if (busy.value || after === null) return;
    busy.value = true;
    failedOlder.value = false;
    try {
      const page = await notices(after, AT_ONCE);
      older.value = [...older.value, ...first, ...page.items];
      next.value = older.value.length > OLDER_MAX ? null : page.next;
    } catch {
      failedOlder.value = true;
    }
    busy.value = false;
  };
  return (
    <Panel
      name="notices"
      title={say("notices.title")}
      aside={say("notices.aside")}
      foot={
        after !== null && (
          <div class="acts padded">
            <button type="button" aria-disabled={busy.value} onClick={() => void more()}>{say(busy.value ? "loading.text" : "notices.older")}</button>
            <span class="trouble" role="status">{failedOlder.value && say("later.failed")}</span>
          </div>
        )
      }
    >
      <Failed heard={value} failed={failed} again={again} />
      {!value && !failed && <p class="calm">{say("loading.text")}</p>}
      {value && !all.length && <p class="calm">{say("notices.none")}</p>}
      <ul class="rows">{all.map((one) => <Notice key={one.id} notice={one} />)}</ul>
    </Panel>
  );
}

function Notice({ notice: one }: { notice: NoticeView }) {
  const [alert] = one.alerts;
  return (
    <li class={`notice as-${one.state}`}>
      <State state={one.state} />
      <div class="what">
        <span>
          <strong>{one.name}</strong> <span class="note"><Since at={one.at_ms} /></span>
        </span>
        <span>
          {alert === undefined ? one.title : <a href={`#/alerts/${alert}`}>{one.title}</a>}
          {one.more > 0 && <span class="note"> {say("notices.and_more", { n: number(one.more) })}</span>}
        </span>
        <span class="note">
          {[word("notice_kind", one.kind), one.step > 0 && say("notices.step", { n: one.step + 1 }), one.channel && say("notices.by", { channel: one.channel }), one.tries > 1 && say("notices.tries", { n: number(one.tries) })].filter(Boolean).join(" · ")}
          {one.taken_ms > 0 && <> · <b>{taken(one.taken_ms)}</b></>}
        </span>
        {one.detail && one.state !== "delivered" && <span class="note" lang="en">{one.detail}</span>}
      </div>
      <span class="state">{word("notice_state", one.state)}</span>
    </li>
  );
}

const taken = (ms: number) => say("notices.taken", { when: Date.now() - ms < 86_400_000 ? minute(ms) : `${day(ms)} ${minute(ms)}` });

/** By shape first: a tick, a clock, a cross, a question. */
function State({ state }: { state: NoticeView["state"] }) {
  const path = { delivered: "M3.5 8.5l3 3 6-7", waiting: "M8 4.5v3.7l2.4 1.4M8 1.8a6.2 6.2 0 1 1 0 12.4 6.2 6.2 0 0 1 0-12.4", sending: "M3 8h9M8.5 4.5 12 8l-3.5 3.5", given_up: "M4 4l8 8m0-8-8 8", unsure: "M6 6.2C6 4.8 7 4.2 8 4.2s2 .7 2 1.9c0 1.6-2 1.6-2 3.2M8 11.6v.4" }[state];
  return (
    <svg class={`sent as-${state}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
