// What a person may switch on and off on this device: keys and sound. Loaded with the menu.
import { keys } from "../state";
import { say } from "../words/words";
import { blocked, sounding, turn } from "./sound";
import "../style/front.css";

export function Habits() {
  return (
    <>
      <Choice name={say("habits.keys")} on={keys.value} choose={(on) => (localStorage.setItem("keys", on ? "on" : "off"), (keys.value = on))} />
      <Choice name={say("habits.sound")} on={sounding.value} choose={turn} />
      {sounding.value && blocked.value && <p class="note" role="status">{say("habits.blocked")}</p>}
    </>
  );
}

function Choice({ name, on, choose }: { name: string; on: boolean; choose: (on: boolean) => void }) {
  return (
    <fieldset>
      <legend>{name}</legend>
      {[true, false].map((one) => (
        <button key={String(one)} type="button" aria-pressed={on === one} onClick={() => choose(one)}>
          {say(one ? "habits.on" : "habits.off")}
        </button>
      ))}
    </fieldset>
  );
}
