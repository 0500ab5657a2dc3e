// The floor map with its layers and a search. Its address says both: #/map/fill/insulin.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api";
import { age, asLayer, fill, heat, type Layer, LAYERS, type Shade, sought, STEPS, temperature } from "../core/layers";
import { mapHref, part, slotHref } from "../route";
import { now, skuName, slots, speaks, zones } from "../state";
import { dark } from "../theme";
import type { SlotView } from "../types";
import type { PicksOf } from "../types_service";
import { StatusMark } from "../ui/marks";
import { Abnormal, Canvas, Legend, type Shading } from "../ui/map";
import { Nowhere } from "../ui/nowhere";
import { Panel } from "../ui/panel";
import { exact, number, quantity, say, word } from "../words/words";

const PICKS_AGAIN_MS = 60_000;
const LISTED = 100;
const MINUTE_MS = 60_000;

export function FloorPage() {
  const [layerName = "", ...rest] = part.value.split("/");
  const [layer, text] = [asLayer(layerName), rest.join("/")];
  const picked = usePicks(layer === "picks");
  if (layerName && layerName !== layer) return <Nowhere />;
  const found = text ? sought(text, slots.value.values(), skuName) : null;
  const shading = shadingOf(layer, picked.value ?? new Map());
  return (
    <Panel name="map" title={say("nav.map")} aside={layer === "status" ? <Legend /> : <Steps layer={layer} shading={shading!} />}>
      <div class="floor-ways">
        <fieldset class="layers">
          <legend class="hidden">{say("floor.layers")}</legend>
          {LAYERS.map((one) => (
            <a key={one} href={mapHref(one, text)} aria-current={one === layer ? "true" : undefined}>{word("layer", one)}</a>
          ))}
        </fieldset>
        <Search layer={layer} text={text} found={found?.size ?? null} />
      </div>
      {layer === "picks" && picked.value === null && <p class="note" role="status">{say("floor.picks_failed")}</p>}
      <Canvas shading={shading} lit={found} told={(slot) => told(layer, slot, picked.value ?? new Map())} />
      {found && found.size > 0 ? <Found ids={found} /> : <Abnormal />}
    </Panel>
  );
}

function shadingOf(layer: Layer, picked: ReadonlyMap<string, number>): Shading | null {
  if (layer === "status") return null;
  void dark.value; // the steps' colours are those of the theme
  const style = getComputedStyle(document.documentElement);
  const steps = STEPS.map((step) => style.getPropertyValue(`--step-${step}`).trim());
  const minute = Math.floor(now.value / MINUTE_MS) * MINUTE_MS; // an age need not be looked at each second
  const most = Math.max(0, ...picked.values());
  const of: Record<Exclude<Layer, "status">, (slot: SlotView) => Shade> = {
    fill,
    temperature: (slot) => temperature(measured(slot.zone)),
    age: (slot) => age(slot, minute),
    picks: (slot) => heat(picked.get(slot.id) ?? 0, most),
  };
  return { name: layer, of: of[layer], steps };
}

/** A zone whose thermometer still speaks: of others nobody knows how warm they are now. */
function measured(id: string) {
  const zone = zones.value.get(id);
  return zone && speaks(zone.series) ? zone : undefined;
}

/** What the layer shows, as a figure. */
function told(layer: Layer, slot: SlotView, picked: ReadonlyMap<string, number>): string {
  const warmth = measured(slot.zone)?.temperature_c ?? null;
  switch (layer) {
    case "temperature":
      return warmth === null ? say("step.unknown") : quantity(warmth, "Cel", 1);
    case "age":
      return slot.at_ms ? exact(slot.at_ms) : say("step.unknown");
    case "picks":
      return say("floor.picked", { n: number(picked.get(slot.id) ?? 0) });
    default:
      return "";
  }
}

function Steps({ layer, shading }: { layer: Layer; shading: Shading }) {
  const shades: Shade[] = layer === "age" || layer === "picks" ? [...STEPS] : [...STEPS, "out"];
  return (
    <ul class="legend">
      {[...shades, "unknown" as const].map((shade) => (
        <li key={shade}>
          <svg class={`step ${shade}`} viewBox="0 0 12 12" aria-hidden="true">
            <rect x="0.5" y="0.5" width="11" height="11" rx="2" fill={typeof shade === "number" ? shading.steps[shade] : undefined} />
            {shade === "out" && <path d="M6 3v4M6 8.6v.4" />}
            {shade === "unknown" && <path d="M1 5 5 1M1 9 9 1M3 11l8-8M7 11l4-4" />}
          </svg>{" "}
          {shade === "unknown" ? say("step.unknown") : word(`step.${layer}`, String(shade))}
        </li>
      ))}
    </ul>
  );
}

function Search({ layer, text, found }: { layer: Layer; text: string; found: number | null }) {
  return (
    <search>
      <input
        type="search"
        aria-label={say("floor.search")}
        placeholder={say("floor.search")}
        value={text}
        maxLength={60}
        onInput={(event) => history.replaceState(null, "", mapHref(layer, event.currentTarget.value)) ?? dispatchEvent(new HashChangeEvent("hashchange"))}
      />
      <span class="note" role="status">
        {found === null ? "" : found === 0 ? say("floor.found_none") : found === 1 ? say("floor.found_one") : say("floor.found", { n: number(found) })}
      </span>
    </search>
  );
}

/** The same in words, for who does not see the map. */
function Found({ ids }: { ids: ReadonlySet<string> }) {
  const shown = [...ids].slice(0, LISTED).map((id) => slots.value.get(id)!);
  return (
    <details class="abnormal" open>
      <summary>{say("floor.list")}</summary>
      <ul>
        {shown.map((slot) => (
          <li key={slot.id}>
            <a href={slotHref(slot.id)}>
              <StatusMark status={slot.status} /> {slot.id} <span class="note">{skuName(slot.sku)} · {slot.count === null ? "?" : number(slot.count)} / {number(slot.capacity)}</span>
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Units taken of each slot in 24 hours, read again each minute while they are shown; null where they can not be read. */
function usePicks(wanted: boolean) {
  const picked = useSignal<ReadonlyMap<string, number> | null>(new Map());
  useEffect(() => {
    if (!wanted) return;
    const read = () =>
      ask<PicksOf[]>("api/v1/picks?hours=24").then(
        (rows) => (picked.value = new Map(rows.map((one) => [one.slot, one.units]))),
        () => (picked.value = null),
      );
    void read();
    const again = setInterval(read, PICKS_AGAIN_MS);
    return () => clearInterval(again);
  }, [wanted]);
  return picked;
}
