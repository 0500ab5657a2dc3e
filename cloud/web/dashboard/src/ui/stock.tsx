// Every article, the one that runs out first on top. A count that is not known is "?", with what would help.
import { useSignal } from "@preact/signals";
import { hrefOf, skuHref, slotHref } from "../route";
import { lost, now, roomy, skusInOrder, unknownSlots, wall } from "../state";
import type { SkuView, SlotView } from "../types";
import { asOf, figure, number, say, word } from "../words/words";
import { Bullet, StatusMark } from "./marks";
import { Csv, Panel } from "./panel";
import { because } from "./said";

export function Stock({ limit }: { limit?: number }) {
  const sought = useSignal("");
  const text = sought.value.trim().toLowerCase();
  const all = skusInOrder.value;
  const found = text ? all.filter((sku) => `${sku.id} ${sku.name}`.toLowerCase().includes(text)) : all;
  const shown = limit ? found.slice(0, limit) : found;
  const unknown = unknownSlots.value;
  return (
    <Panel
      name="stock"
      scrolls={limit !== undefined && roomy.value && !wall}
      title={say("stock.title")}
      aside={
        limit ? (
          say("stock.lowest_first")
        ) : (
          <input type="search" aria-label={say("stock.search")} placeholder={say("stock.search")} value={sought.value} onInput={(event) => (sought.value = event.currentTarget.value)} />
        )
      }
      foot={limit ? shown.length < all.length && <a href={hrefOf("stock")}>{say("stock.see_all", { n: all.length })}</a> : <Csv table="stock" />}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{say("stock.item")}</th>
            <th scope="col" class="bar" aria-hidden="true" />
            <th scope="col" class="n">{say("stock.on_hand_reorder")}</th>
            {!limit && <th scope="col" class="n wide">{say("stock.available")}</th>}
            {!limit && <th scope="col" class="n wide">{say("stock.coming")}</th>}
            {!limit && <th scope="col" class="n wide">{say("stock.demand")}</th>}
            <th scope="col" class="n">{say("stock.cover")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((sku) => (
            <Row key={sku.id} sku={sku} full={!limit} unknown={unknown.get(sku.id) ?? []} />
          ))}
        </tbody>
      </table>
      {shown.length === 0 && text && <p class="calm">{say("stock.none", { text: sought.value })}</p>}
    </Panel>
  );
}

function Row({ sku, full, unknown }: { sku: SkuView; full: boolean; unknown: SlotView[] }) {
  return (
    <>
      <tr class={sku.status}>
        <th scope="row">
          <a href={skuHref(sku.id)} title={sku.name}>{sku.name || sku.id}</a>
          <span class="note">
            {(full || !lost.value.has(sku.id)) && sku.id}
            {!full && sku.uncertain > 0 && ` · ${say("stock.uncertain", { n: sku.uncertain })}`} <Was sku={sku.id} />
          </span>
        </th>
        <td class="bar">
          <Bullet onHand={sku.on_hand} point={sku.reorder_point} status={sku.status} />
        </td>
        <td class="n">
          <span class="mark">{(sku.status !== "ok" || lost.value.has(sku.id)) && <StatusMark status={sku.status === "ok" ? "silent" : sku.status} />}</span>
          <b>{onHand(sku)}</b> / {sku.reorder_point === null ? "–" : number(sku.reorder_point)}
        </td>
        {full && <td class="n wide">{number(sku.available)}</td>}
        {full && <td class="n wide">{number(sku.on_order + sku.in_transit)}</td>}
        {full && <td class="n wide">{sku.daily_demand === null ? "–" : figure(sku.daily_demand)}</td>}
        <td class="n">
          <b>{sku.cover_days === null ? "–" : number(sku.cover_days, 1, { minimumFractionDigits: 1 })}</b>
        </td>
      </tr>
      {full && unknown.length > 0 && (
        <tr class="more">
          <td colSpan={7}>
            {unknown.map((slot) => (
              <Unknown key={slot.id} slot={slot} />
            ))}
          </td>
        </tr>
      )}
    </>
  );
}

/** As of when the stock of an article is, where it is not as of now. */
export function Was({ sku }: { sku: string }) {
  const since = lost.value.get(sku);
  return since === undefined ? null : <strong class="was">{say("climate.was", { time: asOf(since, now.peek()) })}</strong>;
}

/** On hand, with a "?" for what could not be counted. */
export function onHand(sku: SkuView): string {
  return sku.uncertain === 0 ? number(sku.on_hand) : sku.status === "unknown" ? "?" : `${number(sku.on_hand)} + ?`;
}

/** A slot that can not be counted: what is likely, why, and what would help. */
export function Unknown({ slot }: { slot: SlotView }) {
  return (
    <span class="note unknown">
      <StatusMark status={slot.status} />
      <span>
        <a href={slotHref(slot.id)}>{slot.id}</a> ? ({say("stock.unknown_of", { low: number(slot.low), high: number(slot.high) })})
        {slot.reason && ` · ${because(slot)}`}
        {slot.remedy && ` · ${word("remedy", slot.remedy)}`}
      </span>
    </span>
  );
}
