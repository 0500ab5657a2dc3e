// What is wrong, in words: which field, why, and what would be right.
import type { SheetFlaw, SiteFlaw } from "../types_site";
import { Trouble } from "../trade/form";
import { English } from "../ui/english";
import type { Wish } from "../trade/wish";
import { sentence } from "../trade/wish";
import { known, language, number, say, word } from "../words/words";

type Flawed = Pick<SiteFlaw | SheetFlaw, "code" | "detail" | "told">;

/** Of these the service says what is wrong, in English. */
const THEIRS = ["site", "sheet", "row"];

/** The words of a flaw; "" where only the service's own sentence says it. */
function ours({ code, told: given }: Flawed): string {
  const told = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, typeof value === "number" ? number(value, 3) : value]));
  const limits = told.least !== undefined ? (told.most !== undefined ? say("flaw.from_to", told) : say("flaw.from", told)) : "";
  const params = { ...told, limits, choices: told.choices ?? "", near: told.near ? say("flaw.near", { near: told.near }) : told.choices ? say("flaw.one_of", { choices: told.choices }) : "", of: told.of ? word("site.tab", String(told.of)) : "" };
  return known("flaw", code) ? word("flaw", code, params) : "";
}

export function Flaw({ one }: { one: Flawed }) {
  const words = ours(one);
  const beside = THEIRS.includes(one.code);
  if (words && (language.value !== "en" || !beside)) return <>{words}{beside && <English text={sentence(one.detail)} />}</>;
  return <>{sentence(one.detail)}</>;
}

export function Flaws({ list }: { list: Flawed[] }) {
  return (
    <ul class="flaws">
      {list.map((one, n) => <li key={n}><Flaw one={one} /></li>)}
    </ul>
  );
}

/** Why it was refused, where it is of no field. */
export function General({ wish, flaws }: { wish: Wish; flaws: Flawed[] }) {
  return flaws.length ? <Flaws list={flaws} /> : <Trouble wish={wish} />;
}
