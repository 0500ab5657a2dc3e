// What the shelves saw coming, and the order it fits: one tap books it; or the number, lot and expiry are put right first.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { type Looked, Refused } from "../api";
import { Panel, Since, useKeptFocus } from "../ui/panel";
import { amount } from "../core/forms";
import { orderHref, slotHref } from "../route";
import { adopt } from "../link";
import { arrivals, may, orders, skuName } from "../state";
import { number, percent, say, word } from "../words/words";
import { arrived, type Came, lookAtArrival } from "./api";
import { Act, Form, Trouble, type Values } from "./form";
import { Meanwhile } from "./meanwhile";
import { opened } from "./opened";
import type { ArrivalView } from "./types";
import { useWish } from "./wish";

/** They keep their place, though somebody else booked them meanwhile. */
const changed = opened<string, ArrivalView>();

export function Arrivals() {
  const list = useKeptFocus<HTMLUListElement>();
  const gone = [...changed.all.value.values()].filter(({ id }) => !arrivals.value.has(id)).map((one) => ({ ...one, units: 0, taken: 0, difference: 0 }));
  const all = [...arrivals.value.values(), ...gone].sort((a, b) => b.to_ms - a.to_ms);
  if (!all.length) return null;
  return (
    <Panel name="arrivals" title={say("arrivals.title")} aside={number(all.length)}>
      <ul ref={list} class="rows">
        {all.map((arrival) => (
          <Row key={arrival.id} arrival={arrival} />
        ))}
      </ul>
    </Panel>
  );
}

function Row({ arrival }: { arrival: ArrivalView }) {
  const changing = useSignal<Looked<ArrivalView> | null>(null);
  const [wish, make] = useWish();
  const opener = useRef<HTMLButtonElement>(null);
  const order = orders.value.get(arrival.order);
  const name = skuName(arrival.sku);
  const units = number(arrival.units);
  const question = say("arrivals.came", { units, name });
  const open = () =>
    make("change", async () => {
      const seen = await lookAtArrival(arrival.id);
      changed.hold(arrival.id, seen.value);
      adopt({ arrivals: [seen.value] });
      changing.value = seen;
    });
  const leave = () => {
    changing.value = null;
    changed.release(arrival.id);
    opener.current?.focus();
  };
  useEffect(() => () => changed.release(arrival.id), [arrival.id]);
  const over = arrival.units - arrival.taken; // more than is taken in without asking
  const taken = number(arrival.taken);
  const send = async (came: Came, tag: string, key: string) => {
    await arrived(arrival.id, came, tag, key);
    adopt({ arrivals: [{ ...arrival, units: 0 }] });
  };
  const { value: seen, tag } = changing.value ?? { value: arrival, tag: "" };
  const [seenOver, seenTaken] = [seen.units - seen.taken, number(seen.taken)];
  const differs = (["units", "taken", "difference"] as const).some((one) => seen[one] !== arrival[one]);
  return (
    <li>
      <div class="what">
        <strong>{question}</strong>
        <span class="note">
          {arrival.slots.map((slot, at) => (
            <>
              {at > 0 && ", "}
              <a key={slot} href={slotHref(slot)}>{slot}</a>
            </>
          ))}{" "}
          · <Since at={arrival.to_ms} />
          {Object.entries(arrival.evidence).map(([how, n]) => n > 0 && ` · ${word("evidence", how, { n: number(n) })}`)} · {say("arrivals.sure", { share: percent(arrival.confidence) })}
        </span>
        <span class="note">
          {say("arrivals.fits")} <a href={orderHref(arrival.order)}>{say("order.title", { id: arrival.order })}</a>
          {order && ` · ${order.supplier_name || order.supplier}`}
          {over > 0 && ` · ${say("arrivals.unasked", { taken })}`}
          {arrival.difference !== 0 && <strong> · {say(arrival.difference < 0 ? "arrivals.fewer" : "arrivals.more", { n: number(Math.abs(arrival.difference)) })}</strong>}
        </span>
      </div>
      {may("handle") && (
        <div class="acts">
          {arrival.taken > 0 && (
            <Act main label={say("arrivals.confirm", { units: taken })} described={`${say("arrivals.confirm", { units: taken })}: ${name}, ${say("order.title", { id: arrival.order })}`} act={(key) => send({ units: arrival.taken }, "", key)} />
          )}
          <button ref={opener} type="button" aria-expanded={changing.value !== null} aria-disabled={wish.value.busy} aria-label={`${say("arrivals.change")}: ${name}`} onClick={() => (changing.value ? leave() : void open())}>
            {say("arrivals.change")}
          </button>
          <span class="trouble" role="status"><Trouble wish={wish.value} /></span>
        </div>
      )}
      {changing.value && (
        <Form
          label={question}
          about={seen}
          also={seenOver > 0 ? { label: say("arrivals.keep_all", { units: number(seen.units) }), values: { all: "yes" } } : undefined}
          overruled={["too_many"]}
          fields={[
            { name: "units", label: say("order.good"), kind: "whole", needed: true, least: 0, value: String(seen.taken), hint: seenOver > 0 ? say("arrivals.over", { units: number(seen.units), taken: seenTaken, n: number(seenOver) }) : "" },
            { name: "rejected", label: say("order.rejected"), kind: "whole", least: 0, value: "0" },
            { name: "lot", label: say("arrivals.lot"), kind: "text" },
            { name: "expiry", label: say("arrivals.expiry"), kind: "date" },
            { name: "note", label: say("alerts.note"), kind: "text", hint: say("order.note_rejected") },
          ]}
          submit={say("arrivals.book")}
          send={async (values, key) => {
            try {
              await send(cameOf(values, seen.units), tag, key);
            } catch (error) {
              if (error instanceof Refused && error.status === 412) adopt({ arrivals: [(await lookAtArrival(arrival.id)).value] });
              throw error;
            }
          }}
          done={leave}
          close={leave}
        >
          {differs && (
            <Meanwhile told={say("form.meanwhile")} changes={[say("arrivals.came_now", { name, from: number(seen.units), to: units })]} goOn={arrival.units > 0 ? () => void open() : null} />
          )}
        </Form>
      )}
    </li>
  );
}

/** `all`: every one of the `seen` units is kept, but for those that are rejected. Pure. */
export function cameOf({ units = "", rejected = "", lot = "", expiry = "", note = "", all = "", anyway = "" }: Values, seen: number): Came {
  const bad = amount(rejected, "whole") ?? 0;
  const good = all ? Math.max(0, seen - bad) : (amount(units, "whole") ?? 0);
  return { units: good, ...((all || anyway) && { anyway: true }), ...(bad > 0 && { rejected: bad }), ...(lot && { lot }), ...(expiry && { expiry }), ...(note && { note }) };
}
