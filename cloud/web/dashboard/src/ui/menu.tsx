// Language, appearance and account.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as api from "../api";
import { restart } from "../link";
import { hrefOf, page } from "../route";
import { may, session } from "../state";
import { LaterHabits, unsent } from "./later";
import { number, say, word } from "../words/words";
import { Preferences } from "./preferences";

export function Menu() {
  const home = useRef<HTMLDetailsElement>(null);
  const opened = useSignal(false);
  useEffect(() => {
    const outside = (event: Event) => {
      if (!home.current?.contains(event.target as Node)) home.current?.removeAttribute("open");
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !home.current?.open) return;
      home.current.removeAttribute("open");
      home.current.querySelector("summary")?.focus();
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape);
    };
  }, []);
  const who = session.value;
  const warned = useSignal(false);
  const leave = async () => {
    if (unsent.value && !warned.value) return void (warned.value = true);
    await api.signOut().catch(() => undefined);
    session.value = undefined;
    restart();
  };
  return (
    <details class="menu" ref={home} onToggle={() => ((opened.value = true), (warned.value = false))}>
      <summary aria-label={say("menu.label")}>
        <svg viewBox="0 0 20 20" aria-hidden="true">
          <path d="M3 6h8m4 0h2M3 14h2m4 0h8" />
          <circle cx="13" cy="6" r="2" />
          <circle cx="7" cy="14" r="2" />
        </svg>
      </summary>
      <div class="sheet">
        {who && <p>{say("menu.signed_in", { user: who.user, role: word("role", who.role) })}</p>}
        <p class="own-links">
          {may("portal") && <a href="#/" onClick={() => home.current?.removeAttribute("open")}>{say("menu.portal")}</a>}
          {(["account", "outbox", ...(may("govern") ? (["users", "site", "channels", "audit"] as const) : [])] as const).map((one) => (
            <a key={one} href={hrefOf(one)} aria-current={page.value === one ? "page" : undefined} onClick={() => home.current?.removeAttribute("open")}>
              {say(`menu.${one}`)}
            </a>
          ))}
        </p>
        <Preferences />
        {opened.value && <LaterHabits part="Habits" />}
        {warned.value && unsent.value > 0 && <p role="alert">{say("outbox.leaving", { n: number(unsent.value) })}</p>}
        <button type="button" class="leave" onClick={() => void leave()}>
          {say(warned.value && unsent.value ? "outbox.leave" : "menu.sign_out")}
        </button>
      </div>
    </details>
  );
}
