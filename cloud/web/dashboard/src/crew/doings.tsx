// What can be done about an alert: take it on, put it on the shelf for a while, give it to somebody, have it mended.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { adopt } from "../link";
import { may, now } from "../state";
import { useAsked } from "../trade/asked";
import { Act, Form } from "../trade/form";
import type { AlertView } from "../types";
import { Acknowledge } from "../ui/acknowledge";
import { titled } from "../ui/said";
import { atMost, day, minute, say } from "../words/words";
import { assign, onCall, shelve, unshelve } from "./api";
import { assetOf } from "./tabs";
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
  const doing = useSignal<"" | "shelve" | "assign">("");
  const bar = useRef<HTMLDivElement>(null);
  if (!may("respond")) return null;
  const title = titled(alert);
  const over = alert.state === "resolved";
  const asset = assetOf(alert);
  if (over && !asset) return null;
  const toggle = (what: "shelve" | "assign") => (
    <button type="button" name={what} aria-expanded={doing.value === what} aria-label={say(`${what}.title`, { title })} onClick={() => (doing.value = doing.value === what ? "" : what)}>
      {say(`${what}.open`)}
    </button>
  );
  const close = () => {
    const what = doing.value;
    doing.value = "";
    bar.current?.querySelector<HTMLElement>(`[name="${what}"]`)?.focus();
  };
  const change = async (act: () => Promise<AlertView>) => {
    acted(); // before its delta comes: the row is to stay
    adopt({ alerts: [await act()] });
  };
  return (
    <>
      {doing.value === "shelve" && <Shelve alert={alert} change={change} close={close} />}
      {doing.value === "assign" && <Assign alert={alert} change={change} close={close} />}
      <div class={`doings ${doing.value ? "at-form" : ""}`} ref={bar}>
        {alert.state === "firing" && <Acknowledge alert={alert} noted main began={acted} />}
        {alert.state === "shelved" && <Unshelve alert={alert} acted={acted} />}
        {!over && alert.state !== "shelved" && toggle("shelve")}
        {!over && toggle("assign")}
        {asset && (
          <a class="button" href={`#/equipment/${encodeURIComponent(asset)}`} aria-label={say("crew.about", { what: say("crew.repair"), title: asset })}>
            {say("crew.repair")}
          </a>
        )}
      </div>
    </>
  );
}

export function Unshelve({ alert, acted }: { alert: AlertView; acted: () => void }) {
  const back = async (key: string) => {
    acted();
    adopt({ alerts: [await unshelve(alert.id, key)] });
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
  alert: AlertView;
  change: (act: () => Promise<AlertView>) => Promise<void>;
  close: () => void;
}

function Shelve({ alert, change, close }: Sheet) {
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
        send={({ minutes, note }, key) => change(() => shelve(alert.id, Number(minutes), note ?? "", key))}
        done={close}
      />
    </Seen>
  );
}

function Assign({ alert, change, close }: Sheet) {
  const [asked] = useAsked("people", people);
  const { value, failed } = asked.value;
  if (!value) return <p class="calm" role="status">{say(failed ? "assign.failed" : "loading.text")}</p>;
  if (!value.length) return <p class="calm" role="status">{say("assign.none")}</p>;
  const nobody: [string, string][] = alert.assigned_to ? [["", say("crew.nobody")]] : [];
  const choices = [...value.filter((one) => one.id !== alert.assigned_to).map((one): [string, string] => [one.id, one.name]), ...nobody];
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
        send={({ to, note }, key) => change(() => assign(alert.id, to ?? "", note ?? "", key))}
        done={close}
      />
    </Seen>
  );
}
