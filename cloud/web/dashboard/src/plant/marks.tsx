// Signs of equipment and rooms: told by shape and words first, by colour second.
import "../style/tabs.css";
import type { ComponentChildren } from "preact";
import { HealthMark, SeverityMark } from "../ui/marks";
import { number, say, word } from "../words/words";
import { worst } from "./told";
import type { AssetView, RoomView } from "../types";

const WELL = { well: "ok", learning: "unseen", unseen: "unseen", blind: "silent", watch: "ok", sick: "ok" } as const;

/** How an asset is: the severity of its worst fault, or a sign of its state. */
export function AssetMark({ asset }: { asset: AssetView }) {
  const severity = worst(asset);
  return severity < 4 ? <SeverityMark severity={severity} /> : <span class="quiet-mark"><HealthMark state={WELL[asset.state]} /></span>;
}

/** Health from 0 to 100 as a bar with its number. */
export function Health({ asset }: { asset: AssetView }) {
  const severity = worst(asset);
  const told = asset.state !== "unseen" && asset.state !== "learning";
  return (
    <span class={`health-bar s${severity} ${told ? "" : "unknown"}`}>
      <Meter share={told ? asset.health : 0} />
      <span class="figure">{told ? <><b>{number(asset.health * 100)}</b> <small>/ 100</small></> : <small>{word("asset_state", asset.state)}</small>}</span>
    </span>
  );
}

/** A share as a bar. What it says stands beside it. */
export function Meter({ share, mark }: { share: number; mark?: number }) {
  return (
    <svg class="meter" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="1" width="100" height="8" rx="1" />
      <rect class="bar" x="0" y="1" width={100 * Math.min(1, Math.max(0, share))} height="8" rx="1" />
      {mark !== undefined && <path class="point" d={`M${Math.min(99, 100 * mark)} 0v10`} />}
    </svg>
  );
}

/** Square: a breach; triangle: an excursion; broken circle: a defrost; dot: within its limits. */
export function RoomMark({ kind }: { kind: RoomView["kind"] }) {
  return (
    <svg class={`room-mark ${kind || "within"}`} viewBox="0 0 16 16" aria-hidden="true">
      {kind === "breach" ? <rect x="2" y="2" width="12" height="12" rx="2" /> : kind === "excursion" ? <path d="M8 1.5 15 14H1z" stroke-linejoin="round" /> : <circle cx="8" cy="8" r={kind ? 5.5 : 4} />}
    </svg>
  );
}

/** The pages of equipment. */
export function Tabs({ here, count }: { here: "assets" | "orders"; count: number }) {
  const tab = (name: "assets" | "orders", href: string, children: ComponentChildren) => (
    <a href={href} aria-current={here === name ? "page" : undefined}>
      {children}
    </a>
  );
  return (
    <div class="page-tabs" role="navigation" aria-label={say("asset.pages")}>
      {tab("assets", "#/equipment", say("asset.title"))}
      {tab("orders", "#/equipment/orders", <>{say("work.title")} {count > 0 && <b class="badge calm">{number(count)}</b>}</>)}
    </div>
  );
}
