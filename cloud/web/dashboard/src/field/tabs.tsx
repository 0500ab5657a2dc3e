// The parts of a gateway, each with its address.
import "../style/tabs.css";
import { say } from "../words/words";
import { Cards } from "./cards";
import type { Gate } from "./gate";
import { MetPage } from "./met";
import { QuarantinePage } from "./quarantine";
import { TailPage } from "./tail";

export type Tab = "state" | "devices" | "new" | "messages" | "quarantine" | "stock";

export function Tabs({ gate, tabs, tab }: { gate: Gate; tabs: readonly Tab[]; tab: string }) {
  return (
    <div class="page-tabs" role="navigation" aria-label={say("field.tabs")}>
      {tabs.map((one) => (
        <a key={one} href={gate.href(one === tabs[0] ? "" : one)} aria-current={one === tab ? "page" : undefined}>{say(`field.tab.${one}`)}</a>
      ))}
    </div>
  );
}

/** What a tab shows; `more` is what follows in the address: a device, a code. */
export function Shown({ gate, tab, more, may }: { gate: Gate; tab: string; more: string; may: boolean }) {
  if (tab === "devices") return <Cards gate={gate} may={may} />;
  if (tab === "new") return <MetPage gate={gate} may={may} />;
  if (tab === "messages" && may) return <TailPage gate={gate} device={more} key={more} />;
  if (tab === "quarantine") return <QuarantinePage gate={gate} code={more} may={may} key={more} />;
  return null;
}
