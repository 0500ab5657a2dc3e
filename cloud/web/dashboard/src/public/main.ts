// What a customer group sees: what can be had now, and when more comes. No sign-in, no account, nothing else.
import "./public.css";
import { dayIn, PUBLIC_WORDS } from "./words";

interface Line {
  sku: string;
  name: string;
  available: number;
  expected: string | number | null;
}
interface Shown {
  site: string;
  tier: string;
  timezone: string;
  at_ms: number;
  skus: Line[];
}

const AGAIN_MS = 60_000;
/** Older figures than this are told with a warning. */
const OLD_MS = 5 * AGAIN_MS;
const language = navigator.language.startsWith("zh") ? "zh" : "en";
const words = PUBLIC_WORDS[language];
const home = document.getElementById("page")!;
const link = location.pathname.split("/").pop() ?? "";
let shown: Shown | null = null;
let sought = "";
document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
document.title = words.title;

function element<K extends keyof HTMLElementTagNameMap>(kind: K, text = "", name = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(kind);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

async function load(): Promise<void> {
  let trouble = "";
  try {
    const answer = await fetch(`../api/v1/public/${link}`, { credentials: "omit", cache: "no-store" });
    if (answer.ok) shown = (await answer.json()) as Shown;
    else if (answer.status === 404 || answer.status === 403) [shown, trouble] = [null, words.unknown];
    else trouble = words.away;
  } catch {
    trouble = words.away;
  }
  draw(trouble);
}

function draw(trouble: string): void {
  const search = home.querySelector("input") ?? searchField();
  const typing = document.activeElement === search;
  home.setAttribute("aria-busy", "false");
  const parts: Node[] = [element("h1", shown ? shown.site : words.title)];
  if (trouble) parts.push(Object.assign(element("p", trouble, "trouble"), { role: "status" }));
  if (shown) {
    const old = Date.now() - shown.at_ms > OLD_MS;
    const at = { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZone: shown.timezone, timeZoneName: "short" } as const;
    const told = element("p", `${words.at} ${new Intl.DateTimeFormat(navigator.language, at).format(shown.at_ms)}`, "note");
    parts.push(element("p", words.tier.replace("{tier}", shown.tier), "tier"), told, ...(old ? [element("p", words.old, "trouble")] : []), search, table(shown.skus));
  }
  home.replaceChildren(...parts);
  if (typing) search.focus();
}

function searchField(): HTMLInputElement {
  const made = element("input");
  Object.assign(made, { type: "search", placeholder: words.search, ariaLabel: words.search });
  made.addEventListener("input", () => {
    sought = made.value.trim().toLowerCase();
    home.querySelector("table")?.replaceWith(table(shown?.skus ?? []));
  });
  return made;
}

function table(lines: Line[]): HTMLTableElement {
  const made = element("table");
  const head = made.createTHead().insertRow();
  for (const name of [words.article, words.available, words.expected]) head.append(Object.assign(element("th", name), { scope: "col" }));
  const body = made.createTBody();
  const found = lines.filter((line) => `${line.name} ${line.sku}`.toLowerCase().includes(sought));
  for (const line of found) {
    const row = body.insertRow();
    const name = Object.assign(element("th", line.name || line.sku), { scope: "row" });
    name.append(element("small", line.name ? line.sku : ""));
    const count = element("b", new Intl.NumberFormat(navigator.language).format(line.available), line.available > 0 ? "" : "none");
    const there = row.appendChild(name) && row.insertCell();
    there.append(count);
    row.insertCell().textContent = line.available > 0 ? "" : line.expected === null ? words.not_known : dayIn(line.expected, navigator.language);
  }
  if (!found.length) Object.assign(body.insertRow().insertCell(), { colSpan: 3, textContent: words.nothing });
  return made;
}

void load();
setInterval(() => document.visibilityState === "visible" && void load(), AGAIN_MS);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void load());
