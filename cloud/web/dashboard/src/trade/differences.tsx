// What counts found that differs from the book; who may approves it, or has it counted once more.
import { Refused } from "../api";
import { may, session, site, skuName } from "../state";
import { Panel, Since } from "../ui/panel";
import { money, number, say } from "../words/words";
import { approve, countAgain, differences } from "./api";
import { useAsked } from "./asked";
import { Act } from "./form";
import { load } from "./round";
import type { CountDifference } from "./types";

/** A count that waits for another moves nothing that the page hears of by itself. */
const AGAIN_MS = 10_000;

/** `key`: another one asks anew. */
export function Differing({ done }: { done: number }) {
  const [asked, again] = useAsked(`differences ${done}`, differences, AGAIN_MS);
  const { value, failed } = asked.value;
  if (!value) return failed ? <p class="calm">{say("counting.differences_away")}</p> : null;
  return (
    <Panel name="differing" title={say("counting.differences")} aside={value.items.length > 0 && number(value.items.length)} foot={<span class="note">{say("counting.stood", { n: number(value.stood) })}</span>}>
      {value.items.length === 0 && <p class="calm">{say("counting.no_differences")}</p>}
      <ul class="rows">
        {value.items.map((one) => (
          <Row key={`${one.place} ${one.sku}`} one={one} again={again} />
        ))}
      </ul>
    </Panel>
  );
}

function Row({ one, again }: { one: CountDifference; again: () => void }) {
  const name = skuName(one.sku);
  const own = one.counts.some(({ by }) => by === session.value?.user);
  const about = `${name}, ${one.place || say("counting.off_shelf")}`;
  const act = (what: typeof approve | typeof countAgain) => async (key: string) => {
    try {
      await what(one, key);
    } catch (error) {
      if (error instanceof Refused && error.status < 500) again(); // somebody else counted, or decided, meanwhile
      throw error;
    }
    again();
    void load(); // what is asked for once more is on today's list at once
  };
  return (
    <li class={one.waiting ? "waits" : ""}>
      <div class="what">
        <strong>{name}</strong>
        <span class="note">{one.place || say("counting.off_shelf")}</span>
        <span>
          <b>{number(one.difference, 0, { signDisplay: "exceptZero" })}</b> · {money(one.value, site.value?.currency ?? "EUR")} · {say("counting.against", { counted: number(one.counted), expected: number(one.expected) })}
        </span>
        <span class="note">
          {one.counts.map(({ units, by, at_ms }, at) => (
            <span key={at}>
              {at > 0 && ", "}
              {say("counting.by", { units: number(units), who: by })} <Since at={at_ms} />
            </span>
          ))}{" "}
          · {say(one.waiting ? "counting.waits" : one.again ? "counting.asked_again" : "counting.stands")}
        </span>
      </div>
      {may("buy") && (
        <span class="acts">
          {one.waiting && (own ? <span class="note">{say("counting.own")}</span> : <Act label={say("counting.approve")} described={`${say("counting.approve")}: ${about}`} act={act(approve)} />)}
          {!one.again && <Act label={say("counting.recount")} described={`${say("counting.recount")}: ${about}`} act={act(countAgain)} />}
        </span>
      )}
    </li>
  );
}
