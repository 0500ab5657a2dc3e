// The site editor: what there is, where it stands, and by which file everything works.
import "../style/tabs.css";
import { part } from "../route";
import { useAsked } from "../trade/asked";
import { Act } from "../trade/form";
import { may } from "../state";
import { Panel } from "../ui/panel";
import { say, word } from "../words/words";
import { type Shown, state, type Table, TABLES, use } from "./api";
import { Import } from "./import";
import { Plan } from "./plan";
import { Status } from "./status";
import { Things } from "./things";

const TABS = ["", "plan", ...TABLES, "import"];
const AGAIN_MS = 4000;

export function SitePage() {
  const [tab = "", ...rest] = part.value.split("/");
  const [asked, again] = useAsked("site", state, AGAIN_MS);
  const { value, failed } = asked.value;
  const shown = TABS.filter((one) => one !== "import" || may("govern"));
  return (
    <div class="sited">
      <div class="page-tabs" role="navigation" aria-label={say("site.title")}>
        {shown.map((one) => (
          <a key={one} href={`#/site${one && `/${one}`}`} aria-current={one === tab ? "page" : undefined}>
            {word("site.tab", one || "status")} {value?.counts[one] !== undefined && <span class="note">{value.counts[one]}</span>}
          </a>
        ))}
      </div>
      {value && <Waiting site={value} again={again} />}
      {!value && <Panel name="site" title={say("site.title")}><p class="calm" role="status">{say(failed ? "later.failed" : "loading.text")}</p></Panel>}
      {value?.problem ? tab && <p class="calm">{say("site.broken_hint")}</p> : null}
      {value && tab === "" && <Status site={value} again={again} />}
      {value && !value.problem && tab === "plan" && <Plan changed={again} />}
      {value && !value.problem && tab === "import" && may("govern") && <Import site={value} changed={again} />}
      {value && !value.problem && (TABLES as string[]).includes(tab) && <Things key={tab} table={tab as Table} open={rest.join("/")} site={value} changed={again} />}
    </div>
  );
}

/** What is saved and not used yet. */
function Waiting({ site, again }: { site: Shown; again: () => void }) {
  if (site.problem) {
    return (
      <div class="waiting-site" role="status">
        <p><strong>{say("site.broken")}</strong></p>
        <p class="trouble" lang="en">{site.problem}</p>
      </div>
    );
  }
  if (site.revision === site.used) return null;
  return (
    <div class="waiting-site" role="status">
      <p><strong>{say("site.waiting")}</strong> <span class="note">{say("site.waiting_why")}</span></p>
      {may("govern") && <div class="acts"><Act main label={say("site.use")} act={(key) => use(key, site.tag).finally(again)} /></div>}
    </div>
  );
}
