// What somebody else did while a form was open: it is told in the form, which stays.
import type { ComponentChildren } from "preact";
import { say } from "../words/words";

/** `told`: who did it. `goOn`: with the thing as it is now; null where what the form is for is over. */
export function Meanwhile({ told, changes, goOn, children }: { told: string; changes: string[]; goOn: (() => void) | null; children?: ComponentChildren }) {
  return (
    <div class="meanwhile" role="status">
      <p>{told}</p>
      {changes.map((text) => (
        <p key={text} class="note">{text}</p>
      ))}
      {children}
      {goOn ? (
        <button type="button" onClick={goOn}>
          {say("form.go_on")}
        </button>
      ) : (
        <p>{say("form.step_over")}</p>
      )}
    </div>
  );
}
