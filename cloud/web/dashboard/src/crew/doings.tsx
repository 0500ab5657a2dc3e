// What can be done about an alert: take it on, put it on the shelf for a while, give it to somebody, have it mended.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Looked, Refused } from "../api";
import { adopt } from "../link";
import { may, now } from "../state";
import { useAsked } from "../trade/asked";
import { Act, Form, Trouble } from "../trade/form";
import { useWish } from "../trade/wish";
import type { AlertView } from "../types";
import { Acknowledge } from "../ui/acknowledge";
import { titled } from "../ui/said";
import { atMost, day, minute, say } from "../words/words";
import { assign, look, onCall, shelve, unshelve } from "./api";
import { AlertMeanwhile } from "./meanwhile";
import { hold, release } from "./places";
import { assetOf, decided } from "./tabs";
import type { PersonView } from "../types_crew";

const MINUTES = [60, 240, 480, 1440, 4320, 10_080];
const DAY_MIN = 1440;
const REASON_MAX = 500;

/** All there are to give an alert to. */
export async function people(): Promise<PersonView[]> {
  const { people: all } = await onCall();
  return [...all].sort((a, b) => a.name.localeCompare(b.name));
}

/** `acted`: something was done about it here. */
export function Doings({ alert, acted }: { alert: AlertView; acted: () => void }) {
  /** What is being filled in, and of the alert as whoever does so has seen it. */
  const doing = useSignal<{ what: "shelve" | "assign"; seen: Looked<AlertView> } | null>(null);
  const [wish, make] = useWish();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => () => release(alert), [alert.id]);
  if (!may("respond")) return null;
  const title = titled(alert);
  const over = alert.state === "resolved";
  const asset = assetOf(alert);
  const { what, seen } = doing.value ?? {};
  if (over && !asset && !what) return null;
  const open = (what: "shelve" | "assign") =>
    make(what, async () => {
      const seen = await look(alert.id);
      hold(alert); // before what is seen moves its row to another tab
      adopt({ alerts: [seen.value] });
      doing.value = { what, seen };
    });
  const toggle = (one: "shelve" | "assign") => (
    <button type="button" name={one} aria-expanded={what === one} aria-disabled={wish.value.busy} aria-label={say(`${one}.title`, { title })} onClick={() => (what === one ? close() : void open(one))}>
      {say(`${one}.open`)}
    </button>
  );
  const close = () => {
    doing.value = null;
    release(alert);
    bar.current?.querySelector<HTMLElement>(`[name="${what}"]`)?.focus();
  };
  const change = async (act: (tag: string) => Promise<AlertView>) => {
    try {
      const after = await act(seen!.tag);
      acted(); // before its delta comes: the row is to stay
      adopt({ alerts: [after] });
    } catch (error) {
      if (error instanceof Refused && error.status === 412) await looked(alert.id); // what it is now is told at once
      throw error;
    }
  };
  const Sheet = what === "shelve" ? Shelve : Assign;
  return (
    <>
      {what && seen && (
        <Sheet key={what} alert={seen.value} change={change} close={close}>
          {decided(alert) !== decided(seen.value) && <AlertMeanwhile was={seen.value} alert={alert} goOn={over ? null : () => void open(what)} />}
        </Sheet>
      )}
      <div class={`doings ${what ? "at-form" : ""}`} ref={bar}>
        {alert.state === "firing" && <Acknowledge alert={alert} noted main began={acted} />}
        {alert.state === "shelved" && <Unshelve alert={alert} acted={acted} />}
        {!over && alert.state !== "shelved" && toggle("shelve")}
        {!over && toggle("assign")}
        <span class="trouble" role="status"><Trouble wish={wish.value} /></span>
        {asset && (
          <a class="button" href={`#/equipment/${encodeURIComponent(asset)}`} aria-label={say("crew.about", { what: say("crew.repair"), title: asset })}>
            {say("crew.repair")}
          </a>
        )}
      </div>
    </>
  );
}

/** An alert as the service has it now; the page shows that, too. */
async function looked(id: number): Promise<Looked<AlertView>> {
  const seen = await look(id);
  adopt({ alerts: [seen.value] });
  return seen;
}

export function Unshelve({ alert, acted }: { alert: AlertView; acted: () => void }) {
  const back = async (key: string) => {
    acted();
    const { value, tag } = await looked(alert.id);
    if (decided(value) !== decided(alert)) throw new Refused(412, { reason: "changed", detail: "", hint: "", field: "", by: value.acted_by });
    adopt({ alerts: [await unshelve(alert.id, tag, key)] });
  };
  return <Act label={say("shelve.back")} described={say("crew.about", { what: say("shelve.back"), title: titled(alert) })} act={back} />;
}

/** Comes into view as it opens: on a phone its place is below the fold. */
function Seen({ children }: { children: ComponentChildren }) {
  const home = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => home.current?.scrollIntoView({ block: "center" }), []);
  return (
    <div class="seen" ref={home}>
      {children}
    </div>
  );
}

interface Sheet {
  /** As it was seen. */
  alert: AlertView;
  change: (act: (tag: string) => Promise<AlertView>) => Promise<void>;
  close: () => void;
  children: ComponentChildren;
}

function Shelve({ alert, change, close, children }: Sheet) {
  const choices = MINUTES.map((minutes): [string, string] => {
    const end = now.peek() + minutes * 60_000;
    return [String(minutes), say("shelve.choice", { time: atMost(minutes * 60_000), until: minutes < DAY_MIN ? minute(end) : `${day(end)} ${minute(end)}` })];
  });
  return (
    <Seen>
      <Form
        label={say("shelve.title", { title: titled(alert) })}
        submit={say("shelve.go")}
        close={close}
        fields={[
          { name: "minutes", label: say("shelve.how_long"), kind: "choice", choices, value: "240" },
          { name: "note", label: say("shelve.reason"), kind: "text", needed: true, most: REASON_MAX, hint: say("shelve.reason_hint") },
        ]}
        about={alert}
        send={({ minutes, note }, key) => change((tag) => shelve(alert.id, Number(minutes), note ?? "", tag, key))}
        done={close}
      >
        {children}
      </Form>
    </Seen>
  );
}

function Assign({ alert, change, close, children }: Sheet) {
  const had = useRef(alert.assigned_to).current; // who is chosen meanwhile stays to be chosen
  const [asked] = useAsked("people", people);
  const { value, failed } = asked.value;
  if (!value) return <p class="calm" role="status">{say(failed ? "assign.failed" : "loading.text")}</p>;
  if (!value.length) return <p class="calm" role="status">{say("assign.none")}</p>;
  const nobody: [string, string][] = had || alert.assigned_to ? [["", say("crew.nobody")]] : [];
  const choices = [...value.filter((one) => one.id !== had).map((one): [string, string] => [one.id, one.name]), ...nobody];
  return (
    <Seen>
      <Form
        label={say("assign.title", { title: titled(alert) })}
        submit={say("assign.go")}
        close={close}
        fields={[
          { name: "to", label: say("assign.who"), kind: "choice", choices, value: choices[0]![0] },
          { name: "note", label: say("assign.note"), kind: "text", most: REASON_MAX, hint: say("assign.note_hint") },
        ]}
        about={alert}
        send={({ to, note }, key) => change((tag) => assign(alert.id, to ?? "", note ?? "", tag, key))}
        done={close}
      >
        {children}
      </Form>
    </Seen>
  );
}
