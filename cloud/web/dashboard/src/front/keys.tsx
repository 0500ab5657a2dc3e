// Ways by single keys: "g" and a letter goes to a page, "j" and "k" along the rows, "/" to the search, "?" tells them all.
// They can be switched off, for who speaks to the machine or presses keys by accident.
import { render } from "preact";
import { hrefOf, type NavPage } from "../route";
import "../style/front.css";
import { worn } from "../sheets";
import { bring } from "../words/books";
import { say } from "../words/words";

const PAGE_KEYS: Record<string, NavPage> = {
  o: "overview", m: "map", a: "alerts", s: "stock", r: "replenishment", p: "orders", c: "counting", u: "suppliers", f: "figures", e: "equipment", k: "cold", d: "devices",
};
const WAITS_MS = 2000;
let begun = -Infinity; // when "g" was pressed

export function press(key: string, at: number): void {
  const goes = at - begun < WAITS_MS;
  begun = key === "g" ? at : -Infinity;
  const page = goes ? PAGE_KEYS[key] : undefined;
  if (page) location.hash = hrefOf(page);
  else if (key === "j" || key === "k") along(key === "j" ? 1 : -1);
  else if (key === "/") document.querySelector<HTMLElement>('main input[type="search"]')?.focus();
  else if (key === "?") void help();
}

/** To the first link or button of the next row, or of the one before. */
function along(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main .rows > li, main tbody tr")].flatMap((row) => row.querySelector<HTMLElement>("a, button, summary") ?? []);
  const here = rows.findIndex((one) => one.closest("li, tr")?.contains(document.activeElement));
  rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step))]?.focus();
}

async function help(): Promise<void> {
  await Promise.all([bring("front"), worn()]).catch(() => undefined); // unadorned, and by their codes, rather than not at all
  const sheet = document.createElement("dialog");
  sheet.className = "keys-help";
  sheet.onclose = () => (render(null, sheet), sheet.remove());
  document.body.append(sheet);
  render(<Help />, sheet);
  sheet.showModal();
}

function Help() {
  const rows = [...Object.entries(PAGE_KEYS).map(([key, page]) => [`g ${key}`, say(`nav.${page}`)]), ["j k", say("keys.rows")], ["/", say("keys.search")], ["Esc", say("keys.close")], ["?", say("keys.these")]];
  return (
    <form method="dialog">
      <h2>{say("keys.title")}</h2>
      <dl>
        {rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>{keys!.split(" ").map((one) => <kbd key={one}>{one}</kbd>)}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="note">{say("keys.off_in_menu")}</p>
      <button class="main">{say("keys.close")}</button>
    </form>
  );
}
