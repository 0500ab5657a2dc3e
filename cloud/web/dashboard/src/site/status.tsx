// By which file the service and each gateway work, and what was done to it.
import { may } from "../state";
import { Act } from "../trade/form";
import { Panel, Since } from "../ui/panel";
import { number, say, word } from "../words/words";
import { give, type Shown, undo } from "./api";

export function Status({ site, again }: { site: Shown; again: () => void }) {
  return (
    <>
      <Panel name="site" title={say("site.title")}>
        <p class="padded note">{say("site.about")}</p>
        <ul class="rows">
          <li>
            <div class="what">
              <strong>{say("site.service")}</strong>
              <span class="note">{say("site.revision")} <code>{site.used}</code></span>
            </div>
            <span class={`tag ${site.revision === site.used ? "" : "late"}`}>{say(site.revision === site.used ? "site.is_saved" : "site.is_older")}</span>
          </li>
          {site.gateways.map((one) => (
            <li key={one.gateway}>
              <div class="what">
                <strong>{say("site.gateway", { name: one.gateway })}</strong>
                <span class="note">
                  {one.revision && <>{say("site.revision")} <code>{one.revision}</code></>} {one.at_ms > 0 && <>· {say("site.told")} <Since at={one.at_ms} /></>}
                </span>
                {one.why && <span class="trouble" lang="en">{one.why}</span>}
              </div>
              <span class={`tag ${one.state === "same" || one.state === "unknown" ? "" : "late"}`}>{word("site.gw", one.state)}</span>
              {may("govern") && (one.state === "other" || one.state === "refused") && <Act label={say("site.give")} described={`${say("site.give")}: ${one.gateway}`} act={(key) => give(one.gateway, key).then(again)} />}
            </li>
          ))}
        </ul>
      </Panel>
      <Panel name="site-versions" title={say("site.versions")} aside={say("site.kept", { n: number(site.kept) })}>
        {!site.versions.length && <p class="calm">{say("site.no_versions")}</p>}
        <ul class="rows">
          {site.versions.map((one, n) => (
            <li key={one.number}>
              <div class="what">
                <span><strong>{one.by}</strong> {word("site.did", one.what, { n: number(one.n) })}</span>
                <span class="note"><Since at={one.at_ms} /> · {one.things.map(named).join(", ")}{one.n > one.things.length && " …"}</span>
              </div>
              {n === 0 && site.undo && may("govern") && <Act label={say("site.undo")} described={`${say("site.undo")}: ${one.by} ${word("site.did", one.what, { n: number(one.n) })}`} act={(key) => undo(key, site.tag).finally(again)} />}
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}

function named(thing: string): string {
  const [table, id] = thing.split("/");
  return `${word("site.one", table ?? "")} ${id}`;
}
