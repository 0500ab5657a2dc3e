// Equipment, worst first: how it is, how long it will last, what is wrong with it in words, and what is planned for it.
import { useSignal } from "@preact/signals";
import { asking, assetHref, part, query, workHref } from "../route";
import { now, zoneName } from "../state";
import { Csv, Panel, useKeptFocus } from "../ui/panel";
import { ago, number, say, word } from "../words/words";
import { AssetPage } from "./asset";
import { assets, works } from "./live";
import { AssetMark, Health, Tabs } from "./marks";
import { faulty, movedNow } from "./features";
import { assetName, byWorst, isOpen, lasting, windowed } from "./told";
import type { AssetView } from "../types";
import { Orders } from "./orders";

/** Without news for so long its age is told. */
const OLD_MS = 600_000;
/** A site may have thousands: those that are well are not drawn until somebody wants to see them all. */
const FIRST = 80;

export function Equipment() {
  const [first, second, ...rest] = part.value.split("/");
  if (first === "orders") return <Orders key={part.value} meant={Number(second) || 0} fresh={second === "new" ? rest.join("/") : null} />;
  return part.value ? <AssetPage key={part.value} id={part.value} /> : <All />;
}

function All() {
  const kind = query.value.get("kind") ?? "";
  const list = useKeptFocus<HTMLUListElement>();
  const all = [...(assets.value.values())].sort(byWorst);
  const kinds = [...new Set(all.map((one) => one.kind))].sort((a, b) => word("asset_kind", a).localeCompare(word("asset_kind", b)));
  const whole = useSignal(false);
  const fitting = all.filter((one) => !kind || one.kind === kind);
  const shown = whole.value ? fitting : fitting.slice(0, FIRST);
  const well = all.filter((one) => one.faults.length === 0).length;
  const blind = all.filter((one) => one.state === "blind").length;
  const open = [...(works.value.values())].filter(isOpen);
  const pick = (one: AssetView["kind"] | "", count: number) => (
    <button key={one} type="button" aria-pressed={kind === one} onClick={() => asking({ kind: one })}>
      {one ? word("asset_kind", one) : say("asset.all")} <span class="count">{number(count)}</span>
    </button>
  );
  return (
    <>
      <Tabs here="assets" count={open.length} />
      <Panel name="equipment" title={say("asset.title")} aside={all.length > 0 && say(blind ? "asset.unjudged" : "asset.count", { well: number(well), n: number(blind), all: number(all.length) })} foot={all.length > 0 && <Csv table="assets" />}>
        {kinds.length > 1 && (
          <div class="chips" role="group" aria-label={say("asset.by_kind")}>
            {pick("", all.length)}
            {kinds.map((one) => pick(one, all.filter((asset) => asset.kind === one).length))}
          </div>
        )}
        {shown.length === 0 && <p class="calm">{say("asset.none")}</p>}
        <ul class="rows assets" ref={list}>
          {shown.map((one) => (
            <Row key={one.id} asset={one} orders={open.filter((order) => order.asset === one.id).length} next={windowOf(one)} />
          ))}
        </ul>
        {fitting.length > shown.length && (
          <p class="more-of">
            <button type="button" onClick={() => (whole.value = true)}>
              {say("asset.show_all", { n: number(fitting.length) })}
            </button>
          </p>
        )}
      </Panel>
    </>
  );
}

/** When it is seen to next, in words; "" for never. */
function windowOf(asset: AssetView): string {
  const planned = [...(works.value.values())].filter((one) => one.asset === asset.id && isOpen(one) && one.until_ms > 0).sort((a, b) => a.from_ms - b.from_ms);
  return planned[0] ? windowed(planned[0]) : "";
}

function Row({ asset, orders, next }: { asset: AssetView; orders: number; next: string }) {
  const quiet = asset.heard_ms > 0 && (asset.state === "blind" || now.value - asset.heard_ms > OLD_MS);
  return (
    <li class={`asset ${asset.state}`}>
      <AssetMark asset={asset} />
      <span class="what">
        <a class="name" href={assetHref(asset.id)}>
          <strong>{assetName(asset, asset.id)}</strong>
        </a>
        <span class="note">
          {[(!asset.faults.length || asset.state === "blind") && word("asset_state", asset.state), word("asset_kind", asset.kind), zoneName(asset.zone), asset.part_of && say("asset.part_of", { name: asset.part_of }), quiet && say("alert.last_heard", { when: ago(asset.heard_ms, now.value) })].filter(Boolean).join(" · ")}
        </span>
        {asset.faults.length > 0 && (
          <span class="wrong-with">
            {asset.faults.map(faulty).join(" · ")}
            {asset.why[0] && <span class="note"> {movedNow(asset.why[0])}</span>}
          </span>
        )}
        {orders > 0 && (
          <span class="note">
            <a href={workHref()}>{say("work.count_open", { n: number(orders) })}</a>
            {next && ` · ${next}`}
          </span>
        )}
      </span>
      <span class="measure">
        <span class="note">{say("asset.health")}</span>
        <Health asset={asset} />
      </span>
      <span class="measure">
        <span class="note">{say("asset.days_left")}</span>
        <b class={asset.days ? "" : "calmer"}>{lasting(asset.days)}</b>
      </span>
    </li>
  );
}
