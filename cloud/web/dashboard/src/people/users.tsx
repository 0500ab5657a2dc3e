// Who may sign in, as what; for admins. Below: who is signed in now, and everybody's tokens.
import { useSignal } from "@preact/signals";
import { may, session } from "../state";
import { useAsked } from "../trade/asked";
import { Act, Form, Trouble } from "../trade/form";
import { useWish } from "../trade/wish";
import type { UserView } from "../types_people";
import type { Signed } from "../types_service";
import { Panel, Since } from "../ui/panel";
import { number, say, word } from "../words/words";
import { Refused } from "../api";
import { Sessions, Tokens } from "./account";
import { addUser, changeUser, lookAt, newPassword, removeUser, users } from "./api";
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
                { name: "name", label: say("users.name"), kind: "text", needed: true, most: 64 },
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
  const open = useSignal<"" | "role" | "new_password" | "remove">("");
  const seen = useSignal({ value: one, tag: "" });
  const [wish, make] = useWish();
  const mine = session.value?.user === one.name;
  const look = async () => void (seen.value = await lookAt(one.name));
  const toggle = (what: "role" | "new_password" | "remove") => (
    <button type="button" class={what === "remove" ? "shy" : ""} aria-expanded={open.value === what} aria-disabled={wish.value.busy} aria-label={`${say(`users.${what}`)}: ${one.name}`} onClick={() => (open.value === what ? close() : void make(what, look).then((found) => found && (open.value = what)))}>
      {say(`users.${what}`)}
    </button>
  );
  /** Who comes second is told who was first, and may then decide again by what it is now. */
  const asSeen = async <T,>(act: (tag: string) => Promise<T>): Promise<T> => {
    try {
      return await act(seen.value.tag);
    } catch (error) {
      if (error instanceof Refused && error.status === 412) await look().then(changed);
      throw error;
    }
  };
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
        {!mine && one.own && toggle("new_password")}
        {!mine && <Act label={say(one.disabled ? "users.enable" : "users.disable")} described={`${say(one.disabled ? "users.enable" : "users.disable")}: ${one.name}`} act={(key) => changeUser(one.name, { disabled: !one.disabled }, key).then(changed)} />}
        {!mine && toggle("remove")}
        <span class="trouble" role="status"><Trouble wish={wish.value} /></span>
      </div>
      {open.value === "role" && (
        <Form
          label={`${say("users.role")}: ${one.name}`}
          fields={[
            { name: "role", label: say("users.role"), kind: "choice", value: seen.value.value.role, choices: roles() },
            { name: "supplier", label: say("users.supplier"), kind: "text", value: seen.value.value.supplier, hint: say("users.supplier_hint") },
          ]}
          submit={say("users.save")}
          send={({ role, supplier }, key) => asSeen((tag) => changeUser(one.name, { role: role as Signed["role"], supplier }, key, tag))}
          done={done}
          close={close}
        />
      )}
      {open.value === "new_password" && (
        <Form label={`${say("users.new_password")}: ${one.name}`} fields={[]} submit={say("users.new_password_now", { name: one.name })} send={async (_, key) => (reveal(one.name, (await asSeen((tag) => newPassword(one.name, key, tag))).password), close())} close={close}>
          <p>{say("users.new_password_why")}</p>
        </Form>
      )}
      {open.value === "remove" && (
        <Form label={`${say("users.remove")}: ${one.name}`} fields={[]} submit={say("users.remove_now", { name: one.name })} send={() => asSeen((tag) => removeUser(one.name, tag))} done={done} close={close}>
          <p>{say("users.remove_why")}</p>
        </Form>
      )}
    </li>
  );
}
