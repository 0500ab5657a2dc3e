// One tap says whether an alert was right. See verdicts.ts for what becomes of it without a connection.
import { may } from "../state";
import { English } from "../ui/english";
import type { AlertView } from "../types";
import { titled } from "../ui/said";
import { say } from "../words/words";
import { useAsked } from "../trade/asked";
import { Since } from "../ui/panel";
import { verdicts } from "./api";
import { NOT_NOW_HOURS, refusalOf, SAID, say as judge, saidOf, taken } from "./verdicts";

const SAID_MAX = 5;

/** `began`: something was said of it here. */
export function Judge({ alert, began }: { alert: AlertView; began: () => void }) {
  if (!may("respond")) return null;
  const mine = saidOf(alert.id);
  const why = refusalOf(alert.id);
  const title = titled(alert);
  return (
    <div class="judge" role="group" aria-label={say("crew.about", { what: say("judge.ask"), title })}>
      <span class="note">{say("judge.ask")}</span>
      <div class="taps">
        {SAID.filter((one) => one !== "not_now" || alert.state !== "resolved").map((one) => {
          const label = say(`judge.${one}`, { n: NOT_NOW_HOURS });
          return (
            <button key={one} type="button" aria-pressed={mine?.said === one} aria-label={say("crew.about", { what: label, title })} onClick={() => (began(), void judge(alert.id, title, one))}>
              {label}
            </button>
          );
        })}
      </div>
      <span class="note" role="status">
        {mine?.kept && say(`judge.said.${mine.said}`)}
        {mine?.pending && <> · <b>{say("judge.pending")}</b></>}
      </span>
      <span class="trouble" role="alert">
        {why && <>{say("judge.refused", { why: why.words })}<English text={why.english} /></>}
      </span>
    </div>
  );
}

/** What was said of it, by whom. */
export function SaidOf({ alert }: { alert: AlertView }) {
  const [asked] = useAsked(`said ${alert.id} ${taken.value}`, () => verdicts(alert.id));
  const all = asked.value.value?.verdicts ?? [];
  if (!all.length) return null;
  return (
    <ul class="said-of note">
      {all.slice(-SAID_MAX).map((one) => (
        <li key={`${one.by} ${one.at_ms}`}>
          {say("crew.about", { what: one.by, title: say(`judge.${one.said}`, { n: NOT_NOW_HOURS }) })} · <Since at={one.at_ms} />
        </li>
      ))}
    </ul>
  );
}
