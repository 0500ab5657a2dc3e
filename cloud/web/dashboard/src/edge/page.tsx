// The gateway's own page: how it is, its link to the service, its stock, its devices, messages, quarantine.
import { signal, useSignal } from "@preact/signals";
import { Refused } from "../api";
import { Shown, Tabs, type Tab } from "../field/tabs";
import { useEvery } from "../field/every";
import { HowItIs } from "../field/how";
import { reason } from "../gate/asked";
import { now } from "../state";
import type { GatewayStatus } from "../types_gate";
import { Preferences } from "../ui/preferences";
import { Panel } from "../ui/panel";
import { clock, say, timezone, zoneName } from "../words/words";
import * as api from "./api";
import { Stock } from "./stock";

const TABS: readonly Tab[] = ["state", "stock", "devices", "new", "messages", "quarantine"];
const AGAIN_MS = 2000;
/** With the tick below it is seen within five seconds. */
const STALE_MS = 4000;

const status = signal<GatewayStatus | null>(null);
const standing = signal<api.Standing | null>(null);
/** When the gateway answered last, by this page's own clock. */
const heard = signal(0);
const own = signal(Date.now());
const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));
setInterval(() => {
  own.value = Date.now();
  if (status.value) now.value = status.value.now_ms + own.value - heard.value;
}, 1000);

export function Home() {
  useEvery(AGAIN_MS, "", async () => {
    try {
      standing.value = await api.standing();
      if (!standing.value.looks) return;
      const told = await api.status();
      timezone.value = told.timezone;
      heard.value = Date.now();
      now.value = told.now_ms;
      status.value = told;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) standing.value = { looks: false, acts: false };
    }
  });
  const told = status.value;
  const may = standing.value?.acts ?? false;
  const [, tab = "", ...more] = hash.value.split("/");
  const shown = TABS.find((one) => one === tab) ?? "state";
  const stale = told !== null && own.value - heard.value > STALE_MS;
  const heardAt = now.value - (own.value - heard.value);
  document.title = told ? say("gate.title", { id: told.gateway }) : say("home.title");
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>{say("home.skip")}</a>
      <header class="home-top">
        <h1>{told ? say("gate.title", { id: told.gateway }) : say("home.title")}</h1>
        {told && <p class={stale ? "state trouble" : "state"} role="status">{stale ? say("home.stale", { time: clock(heardAt) }) : <>{say("home.live")} <b>{clock(now.value)}</b> <small>{zoneName(now.value)}</small></>}</p>}
        <Door />
      </header>
      <main id="main" tabIndex={-1} class={`gateway home ${stale ? "stale" : ""}`}>
        {stale && <p class="banner">{say("home.as_then", { time: clock(heardAt) })}</p>}
        {standing.value && !standing.value.looks && <p class="calm">{say("home.sign_in_first")}</p>}
        {!standing.value && <p class="calm" role="status">{say("why.asking")}</p>}
        {told && standing.value?.looks && (
          <>
            <Tabs gate={api.HOME} tabs={TABS.filter((one) => one !== "messages" || may)} tab={shown} />
            {shown === "state" && <State told={told} />}
            {shown === "stock" && <Stock gate={api.HOME} may={may} />}
            <Shown gate={api.HOME} tab={shown} more={decodeURIComponent(more.join("/"))} may={may} />
          </>
        )}
      </main>
      <footer class="home-foot">
        <Preferences />
        <p><a href="plain">{say("home.plain")}</a></p>
      </footer>
    </>
  );
}

function State({ told }: { told: GatewayStatus }) {
  return (
    <Panel name="gateway" title={say("home.how")}>
      <HowItIs told={told} />
    </Panel>
  );
}

function Door() {
  const open = useSignal(false);
  const token = useSignal("");
  const said = useSignal("");
  if (!standing.value) return null;
  if (standing.value.acts) {
    return (
      <p class="taps">
        {say("home.may")} <button type="button" onClick={() => void api.signOut().then((one) => (standing.value = one))}>{say("home.leave")}</button>
      </p>
    );
  }
  const enter = async () => {
    try {
      standing.value = await api.signIn(token.value);
      open.value = false;
      token.value = said.value = "";
    } catch (error) {
      said.value = error instanceof Refused && error.said.reason === "wrong_token" ? say("home.wrong") : reason(error);
    }
  };
  const shown = open.value || !standing.value.looks;
  return (
    <div class="entry">
      {!shown && <button type="button" onClick={() => (open.value = true)}>{say("home.enter")}</button>}
      {shown && (
        <form onSubmit={(event) => (event.preventDefault(), void enter())}>
          <label>
            {say("home.token")} <input type="password" autoComplete="current-password" value={token.value} onInput={(event) => (token.value = event.currentTarget.value)} />
          </label>
          <button type="submit">{say("home.enter")}</button>
          <p class="note">{say("home.where")}</p>
          <p class="trouble" role="alert">{said.value}</p>
        </form>
      )}
    </div>
  );
}
