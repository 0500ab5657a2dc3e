// The door.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import * as api from "../api";
import { restart } from "../link";
import { session } from "../state";
import { type Key, known, say } from "../words/words";
import { Preferences } from "./preferences";

/** Why another service's sign-in came to nothing, as the address says. */
function refusal(): Key | null {
  const code = new URLSearchParams(location.search).get("refused") ?? "";
  return known("vouched", code) ? (`vouched.${code}` as Key) : null;
}

export function SignIn() {
  const busy = useSignal(false);
  const trouble = useSignal<Key | null>(refusal());
  const other = useSignal("");
  useEffect(() => void api.ways().then(({ oidc }) => (other.value = oidc), () => undefined), []);
  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy.value) return;
    const home = event.currentTarget as HTMLFormElement;
    const [user, password] = ["user", "password"].map((name) => String(new FormData(home).get(name)));
    if (!user || !password) {
      trouble.value = user ? "sign_in.no_password" : "sign_in.no_user";
      return home.querySelector<HTMLElement>(`[name="${user ? "password" : "user"}"]`)?.focus();
    }
    busy.value = true;
    trouble.value = null;
    try {
      session.value = await api.signIn(user, password);
      restart();
    } catch (error) {
      const status = error instanceof api.Refused ? error.status : 0;
      trouble.value = [400, 401, 403].includes(status) ? "sign_in.wrong" : status === 429 ? "sign_in.slow_down" : "sign_in.no_answer";
    } finally {
      busy.value = false;
    }
  };
  return (
    <main class="door">
      <form noValidate onSubmit={(event) => void enter(event)}>
        <h1>{say("product")}</h1>
        <label>
          {say("sign_in.user")}
          <input name="user" autocomplete="username" autocapitalize="none" spellcheck={false} aria-required autofocus />
        </label>
        <label>
          {say("sign_in.password")}
          <input name="password" type="password" autocomplete="current-password" aria-required />
        </label>
        <p class="trouble" role="alert">
          {trouble.value && say(trouble.value)}
        </p>
        <button type="submit" class="main" aria-disabled={busy.value}>
          {say(busy.value ? "sign_in.busy" : "sign_in.go")}
        </button>
        {other.value && (
          <a class="button other" href="api/v1/session/oidc/begin">
            {say("sign_in.with", { name: other.value })}
          </a>
        )}
      </form>
      <div class="preferences">
        <Preferences />
      </div>
    </main>
  );
}
