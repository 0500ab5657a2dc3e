// How people are reached: channels by name and kind. An address is written here, and shown to nobody.
import { useSignal } from "@preact/signals";
import { Refused } from "../api";
import { amount } from "../core/forms";
import { Secret } from "../people/secret";
import { may } from "../state";
import { useAsked } from "../trade/asked";
import { Form } from "../trade/form";
import { useWish } from "../trade/wish";
import { Trouble } from "../trade/form";
import type { ChannelsView, ChannelView } from "../types_site";
import { Panel, Since } from "../ui/panel";
import { number, say, word } from "../words/words";
import { addChannel, changeChannel, channels, more, removeChannel, settleChannels, testChannel } from "./api";

const AGAIN_MS = 30_000;
const DAYS = ["", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
type Told = { name: string; secret: string };

/** Flaws at their fields: the form knows them by `field`. */
async function fielded<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { errors } = more(error);
    const field = errors?.[0]?.pointer.slice(1) ?? "";
    throw new Refused(error.status, { ...error.said, field: field === "webhook" || field === "url" ? "address" : field });
  }
}

export function Channels() {
  return may("govern") ? <All /> : <Panel name="channels" title={say("channels.title")}><p class="calm">{say("channels.for_admins")}</p></Panel>;
}

function All() {
  const [asked, again] = useAsked("channels", channels, AGAIN_MS);
  const adding = useSignal(false);
  const told = useSignal<Told | null>(null);
  const { value, failed } = asked.value;
  const done = (made: Told | null) => {
    if (made?.secret) told.value = made;
    adding.value = false;
    again();
  };
  return (
    <div class="sited">
      <Panel
        name="channels"
        title={say("channels.title")}
        aside={<button type="button" aria-expanded={adding.value} onClick={() => (adding.value = !adding.value)}>{say("channels.new")}</button>}
      >
        <p class="padded note">{say("channels.about")}</p>
        {value?.trouble && <p class="padded trouble" lang="en" role="alert">{value.trouble}</p>}
        {value && value.missing.length > 0 && <p class="padded missing" role="status"><strong>{say("channels.missing")}</strong> {value.missing.map((one) => <code key={one}>{one} </code>)}</p>}
        {told.value && <Secret label={say("channels.secret", { name: told.value.name })} secret={told.value.secret} close={() => (told.value = null)} />}
        {adding.value && (
          <div class="padded">
            <Form
              label={say("channels.new")}
              fields={[
                { name: "name", label: say("channels.name"), kind: "text", needed: true, most: 64, id: true, hint: say("channels.name_hint") },
                { name: "kind", label: say("channels.kind"), kind: "choice", value: "url", choices: [["url", say("channels.apprise")], ["webhook", say("channels.webhook")]] },
                { name: "address", label: say("channels.address"), kind: "text", needed: true, most: 2000, hint: say("channels.address_hint") },
              ]}
              submit={say("channels.add")}
              send={({ name, kind, address }, key) => fielded(addChannel({ name: name!, [kind!]: address! }, key)).then(({ secret }) => done({ name: name!, secret }))}
              close={() => (adding.value = false)}
            />
          </div>
        )}
        {!value && <p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p>}
        {value && !value.channels.length && <p class="calm">{say("channels.none")}</p>}
        <ul class="rows">
          {value?.channels.map((one) => <Row key={one.name} one={one} done={done} />)}
        </ul>
      </Panel>
      {value && <Rest value={value} again={again} />}
    </div>
  );
}

function Row({ one, done }: { one: ChannelView; done: (made: Told | null) => void }) {
  const open = useSignal<"" | "change" | "remove">("");
  const tried = useSignal<string | null>(null);
  const [wish, make] = useWish();
  const toggle = (what: "change" | "remove") => (
    <button type="button" class={what === "remove" ? "shy" : ""} aria-expanded={open.value === what} aria-label={`${say(`channels.${what}`)}: ${one.name}`} onClick={() => (open.value = open.value === what ? "" : what)}>{say(`channels.${what}`)}</button>
  );
  const close = () => (open.value = "");
  const test = () => make({ test: one.name, at: Date.now() }, async (key) => {
    tried.value = null;
    const { delivered, why } = await testChannel(one.name, key);
    tried.value = delivered ? "" : why;
  });
  const webhook = one.kind === "webhook";
  return (
    <li>
      <div class="what">
        <span><strong>{one.name}</strong> <span class="tag">{one.kind}</span></span>
        <span class="note">
          {one.people.length ? say("channels.people", { people: one.people.join(", ") }) : say("channels.nobody")}
          {one.at_ms > 0 && <> · {say("site.by", { by: one.by })} <Since at={one.at_ms} /></>}
        </span>
        <span role="status">
          {tried.value === "" && <span class="note">{say("channels.taken")}</span>}
          {tried.value && <span class="trouble">{say("channels.not_taken")} <span lang="en">{tried.value}</span></span>}
          <span class="trouble"><Trouble wish={wish.value} /></span>
        </span>
      </div>
      <div class="acts">
        <button type="button" aria-label={`${say("channels.test")}: ${one.name}`} aria-disabled={wish.value.busy} onClick={() => void test()}>{say(wish.value.busy ? "wish.sending" : "channels.test")}</button>
        {toggle("change")}
        {toggle("remove")}
      </div>
      {open.value === "change" && (
        <Form
          label={`${say("channels.change")}: ${one.name}`}
          fields={[
            { name: "kind", label: say("channels.kind"), kind: "choice", value: webhook ? "webhook" : "url", choices: [["url", say("channels.apprise")], ["webhook", say("channels.webhook")]] },
            { name: "address", label: say("channels.new_address"), kind: "text", needed: !webhook, most: 2000, hint: say("channels.address_hint") },
            ...(webhook ? [{ name: "secret", label: say("channels.renew"), kind: "choice" as const, value: "", choices: [["", say("channels.stays")], ["new", say("channels.new_secret")]] as [string, string][] }] : []),
          ]}
          submit={say("site.save")}
          send={({ kind, address, secret }, key) => fielded(changeChannel(one.name, { ...(address && { [kind!]: address }), new_secret: secret === "new" }, key, one.tag)).then((made) => (close(), done({ name: one.name, secret: made.secret })))}
          close={close}
        />
      )}
      {open.value === "remove" && (
        <Form label={`${say("channels.remove")}: ${one.name}`} fields={[]} submit={say("site.remove_now", { id: one.name })} send={(_, key) => fielded(removeChannel(one.name, key, one.tag))} done={() => (close(), done(null))} close={close}>
          <p>{one.people.length ? say("channels.remove_why", { people: one.people.join(", ") }) : say("channels.nobody")}</p>
        </Form>
      )}
    </li>
  );
}

/** The heartbeat, and the day of the weekly test. */
function Rest({ value, again }: { value: ChannelsView; again: () => void }) {
  const open = useSignal(false);
  return (
    <Panel name="channel-settings" title={say("channels.rest")} aside={<button type="button" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>{say("channels.change")}</button>}>
      <ul class="rows">
        <li><div class="what"><strong>{say("channels.heartbeat")}</strong><span class="note">{value.heartbeat ? say("channels.beats", { n: number(value.heartbeat_s) }) : say("channels.no_beat")}</span></div></li>
        <li><div class="what"><strong>{say("channels.test_day")}</strong><span class="note">{value.test_day ? `${word("weekday", value.test_day)} ${value.test_time}` : say("channels.no_test")}</span></div></li>
      </ul>
      {open.value && (
        <div class="padded">
          <Form
            label={say("channels.rest")}
            fields={[
              { name: "heartbeat", label: say("channels.heartbeat_url"), kind: "text", most: 2000, hint: say(value.heartbeat ? "channels.heartbeat_kept" : "channels.heartbeat_hint") },
              { name: "heartbeat_s", label: say("channels.every"), kind: "whole", value: String(value.heartbeat_s), least: 10, most: 86_400 },
              ...(value.heartbeat ? [{ name: "stop", label: say("channels.stop"), kind: "choice" as const, value: "", choices: [["", say("site.no")], ["yes", say("site.yes")]] as [string, string][] }] : []),
              { name: "test_day", label: say("channels.test_day"), kind: "choice", value: value.test_day, choices: DAYS.map((one): [string, string] => [one, one ? word("weekday", one) : say("channels.no_test")]) },
              { name: "test_time", label: say("channels.test_time"), kind: "text", value: value.test_time, most: 5 },
            ]}
            submit={say("site.save")}
            send={({ heartbeat, heartbeat_s, stop, test_day, test_time }, key) =>
              fielded(settleChannels({
                ...(stop ? { heartbeat: "" } : heartbeat ? { heartbeat } : {}),
                heartbeat_s: amount(heartbeat_s ?? "", "whole"), test_day: test_day as ChannelsView["test_day"], test_time: test_time || null,
              }, key, value.tag))}
            done={() => ((open.value = false), again())}
            close={() => (open.value = false)}
          />
        </div>
      )}
    </Panel>
  );
}
