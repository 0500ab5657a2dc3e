// Who may sign in, as what; for admins. Below: who is signed in now, and everybody's tokens.
import { useSignal } from "@preact/signals";
import { may, session } from "../state";
import { useAsked } from "../trade/asked";
import { Act, Form } from "../trade/form";
import type { UserView } from "../types_people";
import type { Signed } from "../types_service";
import { Panel, Since } from "../ui/panel";
import { number, say, word } from "../words/words";
import { Sessions, Tokens } from "./account";
import { addUser, changeUser, newPassword, removeUser, users } from "./api";
import { Secret } from "./secret";

const ROLES: Signed["role"][] = ["viewer", "operator", "maintenance", "buyer", "admin", "supplier"];
const AGAIN_MS = 30_000;
const roles = () => ROLES.map((one): [string, string] => [one, word("role", one)]);

export function Users() {
  return may("govern") ? <All /> : <Panel name="users" title={say("users.title")}><p class="calm">{say("users.for_admins")}</p></Panel>;
}

function All() {
  const [asked, again] = useAsked("users", users, AGAIN_MS);
  const adding = useSignal(false);
  const told = useSignal<{ name: string; password: string } | null>(null);
  const { value, failed } = asked.value;
  const reveal = (name: string, password: string) => {
    told.value = { name, password };
    adding.value = false;
    again();
  };
  return (
    <>
      <Panel
        name="users"
        title={say("users.title")}
        aside={
          <button type="button" aria-expanded={adding.value} onClick={() => (adding.value = !adding.value)}>
            {say("users.new")}
          </button>
        }
      >
        {told.value && <Secret label={say("users.password_of", { name: told.value.name })} secret={told.value.password} close={() => (told.value = null)} />}
        {adding.value && (
          <div class="padded">
            <Form
              label={say("users.new")}
              fields={[
                { name: "name", label: say("users.name"), kind: "text", needed: true },
                { name: "role", label: say("users.role"), kind: "choice", value: "viewer", choices: roles() },
                { name: "supplier", label: say("users.supplier"), kind: "text", hint: say("users.supplier_hint") },
              ]}
              submit={say("users.add")}
              send={async ({ name, role, supplier }, key) => reveal(name!, (await addUser({ name: name!, role: role as Signed["role"], supplier }, key)).password)}
              close={() => (adding.value = false)}
            />
          </div>
        )}
        {!value && <p class="calm">{say(failed ? "later.failed" : "loading.text")}</p>}
        <ul class="rows">
          {value?.map((one) => <User key={one.name} one={one} changed={again} reveal={reveal} />)}
        </ul>
      </Panel>
      <Sessions every />
      <Tokens every />
    </>
  );
}

function User({ one, changed, reveal }: { one: UserView; changed: () => void; reveal: (name: string, password: string) => void }) {
  const open = useSignal<"" | "role" | "remove">("");
  const mine = session.value?.user === one.name;
  const toggle = (what: "role" | "remove") => (
    <button type="button" class={what === "remove" ? "shy" : ""} aria-expanded={open.value === what} aria-label={`${say(`users.${what}`)}: ${one.name}`} onClick={() => (open.value = open.value === what ? "" : what)}>
      {say(`users.${what}`)}
    </button>
  );
  const close = () => (open.value = "");
  const done = () => (close(), changed());
  const marks = [one.disabled && say("users.disabled"), one.pending && say("users.pending"), one.vouched && say("users.vouched"), !one.own && !one.vouched && say("users.machine")].filter(Boolean);
  return (
    <li>
      <div class="what">
        <span>
          <strong>{one.name}</strong> {marks.map((mark) => <span key={String(mark)} class="tag">{mark}</span>)}
        </span>
        <span class="note">
          {word("role", one.role)}{one.supplier && ` · ${one.supplier}`} · {one.signed_in_ms ? <>{say("users.signed_in")} <Since at={one.signed_in_ms} /></> : say("users.never")}
          {one.sessions > 0 && ` · ${say("users.sessions", { n: number(one.sessions) })}`}
          {one.tokens > 0 && ` · ${say("users.tokens", { n: number(one.tokens) })}`}
        </span>
      </div>
      <div class="acts">
        {toggle("role")}
        {!mine && one.own && <Act label={say("users.new_password")} described={`${say("users.new_password")}: ${one.name}`} act={async (key) => reveal(one.name, (await newPassword(one.name, key)).password)} />}
        {!mine && <Act label={say(one.disabled ? "users.enable" : "users.disable")} described={`${say(one.disabled ? "users.enable" : "users.disable")}: ${one.name}`} act={(key) => changeUser(one.name, { disabled: !one.disabled }, key).then(changed)} />}
        {!mine && toggle("remove")}
      </div>
      {open.value === "role" && (
        <Form
          label={`${say("users.role")}: ${one.name}`}
          fields={[
            { name: "role", label: say("users.role"), kind: "choice", value: one.role, choices: roles() },
            { name: "supplier", label: say("users.supplier"), kind: "text", value: one.supplier, hint: say("users.supplier_hint") },
          ]}
          submit={say("users.save")}
          send={({ role, supplier }, key) => changeUser(one.name, { role: role as Signed["role"], supplier }, key)}
          done={done}
          close={close}
        />
      )}
      {open.value === "remove" && (
        <Form label={`${say("users.remove")}: ${one.name}`} fields={[]} submit={say("users.remove_now", { name: one.name })} send={() => removeUser(one.name)} done={done} close={close}>
          <p>{say("users.remove_why")}</p>
        </Form>
      )}
    </li>
  );
}
