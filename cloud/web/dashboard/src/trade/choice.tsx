// From whom to order, where several suppliers offer an article: what each asks, how soon it comes, how well it does.
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { site } from "../state";
import { days, known, money, number, percent, say, word } from "../words/words";
import { DOUBLE_TAP_MS, once, Trouble } from "./form";
import type { Offer } from "./types";
import { useWish } from "./wish";

const coins = (value: number) => money(value, site.value?.currency || "EUR");
/** A risk below that is none that anybody would choose by. */
const RISK_SHOWN = 0.005;

/** What can be chosen: the proposal, which may be of several suppliers (then ""), and each supplier alone. Pure. */
export function choices(offers: Offer[]): { supplier: string; of: Offer[] }[] {
  const proposed = offers.filter((one) => one.chosen > 0);
  const alone = offers.map((one) => ({ supplier: one.supplier, of: [one] }));
  return proposed.length > 1 ? [{ supplier: "", of: proposed }, ...alone] : alone;
}

/** What is ordered of an offer: what is proposed of it where that is one of several, else all that it would send. */
const unitsOf = (offer: Offer, of: Offer[]): number => (of.length > 1 ? offer.chosen : offer.units);

interface Asking {
  title: string;
  offers: Offer[];
  order: (supplier: string, key: string) => Promise<unknown>;
  leave: () => void;
}

export function Choice({ title, offers, order, leave }: Asking) {
  const all = choices(offers);
  const first = all.find(({ of }) => of.every((one) => one.chosen > 0)) ?? all[0]!;
  const chosen = useSignal(first.supplier);
  const [wish, make] = useWish();
  const home = useRef<HTMLFormElement>(null);
  const name = useId();
  useLayoutEffect(() => home.current?.querySelector<HTMLElement>("input:checked")?.focus(), []);
  const now = all.find((one) => one.supplier === chosen.value) ?? first;
  const begun = useRef(performance.now());
  /** The rest of the double tap that opened this chooses nothing, and leaves the focus where it is. */
  const rest = (event: Event) => performance.now() - begun.current <= DOUBLE_TAP_MS && (event.preventDefault(), event.stopPropagation());
  const send = () => once(() => make(["order", title, now.supplier], (key) => order(now === first ? "" : now.supplier, key)));
  return (
    <form
      ref={home}
      class="sheetlet choice"
      aria-label={title}
      onMouseDownCapture={rest}
      onClickCapture={rest}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => event.key === "Escape" && (event.stopPropagation(), leave())}
    >
      <fieldset>
        <legend>{say("offers.from_whom", { what: title })}</legend>
        {all.map((one) => (
          <label key={one.supplier} class={`option ${one === now ? "chosen" : ""}`}>
            <input type="radio" name={name} value={one.supplier} checked={one === now} onChange={() => (chosen.value = one.supplier)} />
            <Option of={one.of} proposed={one === first} />
          </label>
        ))}
      </fieldset>
      <p class="note">{say("sourced.in_all")}</p>
      <p class="trouble" role="status">
        <Trouble wish={wish.value} />
      </p>
      <div class="acts">
        <button type="submit" class="main" aria-disabled={wish.value.busy}>
          {wish.value.busy ? say("wish.sending") : say("offers.order_from", { name: now.of.map((one) => one.name || one.supplier).join(" + ") })}
        </button>
        <button type="button" onClick={leave}>
          {say("form.leave")}
        </button>
      </div>
    </form>
  );
}

function Option({ of, proposed }: { of: Offer[]; proposed: boolean }) {
  const paid = of.reduce((sum, one) => sum + (of.length > 1 ? one.chosen * one.price : one.cost), 0);
  const late = Math.max(...of.map((one) => one.due_days));
  return (
    <>
      <span class="name">
        <strong>{of.map((one) => one.name || one.supplier).join(" + ")}</strong>
        {proposed && <span class="tag">{say("offers.proposed")}</span>}
        {of.some((one) => one.suspended) && <span class="tag late">{say("suppliers.suspended")}</span>}
      </span>
      <b class="paid">{coins(paid)}</b>
      <span class="terms">
        <span>{of.map((one) => say("offers.units", { units: number(unitsOf(one, of)), price: coins(one.price) })).join(" + ")}</span>
        <span>{say("offers.days", { days: days(late) })}</span>
        <span>{of.map((one) => (one.score === null ? say("offers.no_score") : say("offers.score", { score: number(one.score) }))).join(" + ")}</span>
        {of.length === 1 && of[0]!.risk > RISK_SHOWN && <span>{say("offers.risk", { risk: percent(of[0]!.risk) })}</span>}
      </span>
      <span class="because">{[...new Set([...of.map((one) => because(one)), of.length === 1 ? say("offers.in_all", { total: coins(of[0]!.total) }) : ""])].filter(Boolean).join(" · ")}</span>
    </>
  );
}

/** Why it is chosen, or what tells most against it. */
export function because({ chosen, why }: Pick<Offer, "chosen" | "why">): string {
  const family = chosen > 0 ? "chosen" : "against";
  return why && known(family, why) ? word(family, why) : why;
}
