// An address that leads nowhere: that it does, and a way on.
import { hrefOf, under } from "../route";
import { say } from "../words/words";
import { Panel } from "./panel";

export function Nowhere() {
  return (
    <Panel name="nowhere" title={say("nowhere.title")}>
      <p class="calm">
        {say("nowhere.text", { address: under.value })} <a class="elsewhere" href={hrefOf("overview")}>{say("nowhere.home")}</a>
      </p>
    </Panel>
  );
}
