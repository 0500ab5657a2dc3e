// The own account: where one is signed in, which tokens one has, and the password.
import { useSignal } from "@preact/signals";
import { may, session } from "../state";
import { useAsked } from "../trade/asked";
import { Act, Form } from "../trade/form";
import type { NewToken, SessionView, TokenView } from "../types_people";
import { Choose } from "./choose";
import { Panel, Since } from "../ui/panel";
import { day, number, say, word } from "../words/words";
import { dropToken, endSession, makeToken, sessions, tokens } from "./api";
import { Secret } from "./secret";

const AGAIN_MS = 30_000;
type Scope = NewToken["scopes"][number];
const SCOPES: Scope[] = ["look", "respond", "handle", "maintain", "buy", "govern", "portal"];
const DAYS = [7, 30, 90, 365];

export function Account() {
  return (
    <>
      <Sessions every={false} />
      <Tokens every={false} />
      <Panel name="password" title={say("choose.change")} aside={session.value?.user}>
        <Choose />
      </Panel>
    </>
  );
}

/** `every`: of everybody, for admins. */
export function Sessions({ every }: { every: boolean }) {
  const [asked, again] = useAsked(`sessions ${every}`, () => sessions(every), AGAIN_MS);
  const { value, failed } = asked.value;
  return (
    <Panel name="sessions" title={say(every ? "sessions.all" : "sessions.title")} aside={value && number(value.length)}>
      {!value && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
      <ul class="rows">
        {value?.map((one) => <SessionRow key={one.id} one={one} every={every} ended={again} />)}
      </ul>
    </Panel>
  );
}

function SessionRow({ one, every, ended }: { one: SessionView; every: boolean; ended: () => void }) {
  const what = one.browser || say("sessions.some_browser");
  return (
    <li>
      <div class="what">
        <strong>{every ? `${one.user} · ${what}` : what}</strong>
        <span class="note">
          {one.address || "–"} · {one.since_ms > 0 && <>{say("sessions.since")} <Since at={one.since_ms} /> · </>}
          {one.used_ms > 0 && <>{say("sessions.used")} <Since at={one.used_ms} /></>}
        </span>
      </div>
      {one.current ? <span class="state">{say("sessions.this")}</span> : <Act label={say("sessions.end")} described={`${say("sessions.end")}: ${one.user}, ${what}, ${one.address}`} act={() => endSession(one.id).then(ended)} />}
    </li>
  );
}

export function Tokens({ every }: { every: boolean }) {
  const [asked, again] = useAsked(`tokens ${every}`, () => tokens(every), AGAIN_MS);
  const making = useSignal(false);
  const secret = useSignal("");
  const { value, failed } = asked.value;
  const open = (
    <button type="button" aria-expanded={making.value} onClick={() => (making.value = !making.value)}>
      {say("tokens.new")}
    </button>
  );
  return (
    <Panel name="tokens" title={say(every ? "tokens.all" : "tokens.title")} aside={every ? value && number(value.length) : open}>
      {!every && <p class="note padded">{say("tokens.what")}</p>}
      {secret.value && <Secret label={say("tokens.secret")} secret={secret.value} close={() => (secret.value = "")} />}
      {making.value && <NewToken made={(told) => ((secret.value = told), (making.value = false), again())} close={() => (making.value = false)} />}
      {!value && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
      {value && !value.length && <p class="calm">{say("tokens.none")}</p>}
      <ul class="rows">
        {value?.map((one) => <TokenRow key={one.id} one={one} every={every} dropped={again} />)}
      </ul>
    </Panel>
  );
}

function TokenRow({ one, every, dropped }: { one: TokenView; every: boolean; dropped: () => void }) {
  return (
    <li>
      <div class="what">
        <strong>{every ? `${one.owner} · ${one.name}` : one.name}</strong>
        <span class="note">
          {one.scopes.map((scope) => (one.rights.includes(scope) ? word("right", scope) : `(${word("right", scope)})`)).join(", ")} ·{" "}
          {one.expires_ms ? say("tokens.until", { day: day(one.expires_ms) }) : say("tokens.no_end")} ·{" "}
          {one.used_ms ? <>{say("sessions.used")} <Since at={one.used_ms} /></> : say("tokens.never")}
        </span>
      </div>
      <Act label={say("tokens.drop")} described={`${say("tokens.drop")}: ${one.owner}, ${one.name}`} act={() => dropToken(one.id).then(dropped)} />
    </li>
  );
}

function NewToken({ made, close }: { made: (secret: string) => void; close: () => void }) {
  const mine = SCOPES.filter((one) => may(one));
  const chosen = useSignal<Scope[]>(mine.slice(0, 1));
  const toggle = (one: Scope) => (chosen.value = chosen.value.includes(one) ? chosen.value.filter((each) => each !== one) : [...chosen.value, one]);
  return (
    <div class="padded">
      <Form
        label={say("tokens.new")}
        fields={[
          { name: "name", label: say("tokens.name"), kind: "text", needed: true, hint: say("tokens.name_hint") },
          { name: "days", label: say("tokens.days"), kind: "choice", value: "90", choices: DAYS.map((n): [string, string] => [String(n), say("tokens.n_days", { n: number(n) })]) },
        ]}
        besides={{ scopes: chosen.value.join(" ") }}
        submit={say("tokens.make")}
        send={async ({ name, days }, key) => made((await makeToken({ name: name!, scopes: chosen.value, days: Number(days) }, key)).secret)}
        close={close}
      >
        <fieldset>
          <legend>{say("tokens.scopes")}</legend>
          {mine.map((one) => (
            <button key={one} type="button" aria-pressed={chosen.value.includes(one)} onClick={() => toggle(one)}>
              {word("right", one)}
            </button>
          ))}
        </fieldset>
      </Form>
    </div>
  );
}
