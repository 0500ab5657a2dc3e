// A password of one's own: in the place of a one-time one, before anything else, and on the page of the own account.
import { useSignal } from "@preact/signals";
import * as api from "../api";
import { restart } from "../link";
import { session } from "../state";
import { type Key, known, say } from "../words/words";
import { Preferences } from "../ui/preferences";

/** Characters of a password, as the service has it. */
const [LEAST, MOST] = [12, 128];

export function Choose({ first }: { first?: boolean }) {
  const busy = useSignal(false);
  const told = useSignal<Key | null>(null);
  const done = useSignal(false);
  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy.value) return;
    const home = event.currentTarget as HTMLFormElement;
    const form = new FormData(home);
    const [old, fresh, again] = ["old", "new", "again"].map((name) => String(form.get(name)));
    done.value = false;
    const length = [...fresh!].length;
    const wrong = !old ? (["choose.no_old", "old"] as const) : length < LEAST || length > MOST ? (["choose.length", "new"] as const) : fresh !== again ? (["choose.differ", "again"] as const) : null;
    if (wrong) {
      told.value = wrong[0];
      return home.querySelector<HTMLElement>(`[name="${wrong[1]}"]`)?.focus();
    }
    busy.value = true;
    told.value = null;
    try {
      session.value = await api.changePassword(old!, fresh!);
      if (first) return restart();
      home.reset();
      done.value = true;
    } catch (error) {
      const reason = error instanceof api.Refused ? error.said.reason : "";
      if (error instanceof api.Refused && error.status === 401) return restart();
      told.value = reason === "bad_request" ? "choose.old_password" : known("choose", reason) ? (`choose.${reason}` as Key) : "sign_in.no_answer";
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="choose" noValidate onSubmit={(event) => void enter(event)}>
      {first && <h1>{say("choose.title")}</h1>}
      {first && <p class="note">{say("choose.why")}</p>}
      <input type="text" name="user" autocomplete="username" value={session.value?.user ?? ""} readOnly hidden />
      <label>
        {say("choose.old")}
        <input name="old" type="password" autocomplete="current-password" aria-required autofocus={first} />
      </label>
      <label>
        {say("choose.new")}
        <input name="new" type="password" autocomplete="new-password" aria-required aria-describedby="choose-hint" />
      </label>
      <label>
        {say("choose.again")}
        <input name="again" type="password" autocomplete="new-password" aria-required />
      </label>
      <p class="note" id="choose-hint">{say("choose.hint")}</p>
      <p class="trouble" role="alert">{told.value && say(told.value)}</p>
      <p role="status">{done.value && say("choose.done")}</p>
      <button type="submit" class="main" aria-disabled={busy.value}>
        {say(busy.value ? "sign_in.busy" : "choose.go")}
      </button>
    </form>
  );
}

/** Nothing else is open before. */
export function ChooseFirst() {
  const leave = () => void api.signOut().catch(() => undefined).then(() => ((session.value = undefined), restart()));
  return (
    <main class="door">
      <Choose first />
      <div class="preferences">
        <Preferences />
        <button type="button" onClick={leave}>{say("menu.sign_out")}</button>
      </div>
    </main>
  );
}
