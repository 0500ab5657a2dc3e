// Words, a file a language: loaded in the language that is shown, and those that only some parts need with these parts.
import { add, choose as show, type Language, language } from "./words";

type Words = Record<string, string>;
/** These are in words.ts: what no other language has is shown in English. */
const ALWAYS = () => Promise.resolve<Words>({});
const BOOKS = {
  cold: { en: () => import("./cold_en").then(({ en }) => en as Words), zh: () => import("./cold_zh").then(({ zh }) => zh as Words) },
  crew: { en: () => import("./crew_en").then(({ en }) => en as Words), zh: () => import("./crew_zh").then(({ zh }) => zh as Words) },
  door: { en: () => import("./door_en").then(({ en }) => en as Words), zh: () => import("./door_zh").then(({ zh }) => zh as Words) },
  field: { en: () => import("./field_en").then(({ en }) => en as Words), zh: () => import("./field_zh").then(({ zh }) => zh as Words) },
  floor: { en: () => import("./floor_en").then(({ en }) => en as Words), zh: () => import("./floor_zh").then(({ zh }) => zh as Words) },
  front: { en: () => import("./front_en").then(({ en }) => en as Words), zh: () => import("./front_zh").then(({ zh }) => zh as Words) },
  gate: { en: () => import("./gate_en").then(({ en }) => en as Words), zh: () => import("./gate_zh").then(({ zh }) => zh as Words) },
  home: { en: () => import("./home_en").then(({ en }) => en as Words), zh: () => import("./home_zh").then(({ zh }) => zh as Words) },
  means: { en: () => import("./means_en").then(({ en }) => en as Words), zh: () => import("./means_zh").then(({ zh }) => zh as Words) },
  orders: { en: () => import("./orders_en").then(({ en }) => en as Words), zh: () => import("./orders_zh").then(({ zh }) => zh as Words) },
  page: { en: ALWAYS, zh: () => import("./zh").then(({ zh }) => zh as Words) },
  people: { en: () => import("./people_en").then(({ en }) => en as Words), zh: () => import("./people_zh").then(({ zh }) => zh as Words) },
  phone: { en: () => import("./phone_en").then(({ en }) => en as Words), zh: () => import("./phone_zh").then(({ zh }) => zh as Words) },
  plant: { en: () => import("./plant_en").then(({ en }) => en as Words), zh: () => import("./plant_zh").then(({ zh }) => zh as Words) },
  portal: { en: () => import("./portal_en").then(({ en }) => en as Words), zh: () => import("./portal_zh").then(({ zh }) => zh as Words) },
  refused: { en: () => import("./refused_en").then(({ en }) => en as Words), zh: () => import("./refused_zh").then(({ zh }) => zh as Words) },
  rules: { en: ALWAYS, zh: () => import("./rules_zh").then(({ zh }) => zh as Words) },
  supply: { en: () => import("./supply_en").then(({ en }) => en as Words), zh: () => import("./supply_zh").then(({ zh }) => zh as Words) },
  site: { en: () => import("./site_en").then(({ en }) => en as Words), zh: () => import("./site_zh").then(({ zh }) => zh as Words) },
  trade: { en: () => import("./trade_en").then(({ en }) => en as Words), zh: () => import("./trade_zh").then(({ zh }) => zh as Words) },
};
export type BookName = keyof typeof BOOKS;

const wanted = new Set<BookName>();
const here = new Set<string>();

/** These books are at hand then, in the language that is shown. */
export async function bring(...names: BookName[]): Promise<void> {
  names.forEach((name) => wanted.add(name));
  await load(language.value);
}

/** Another language, once its words are here; without a network those that are. */
export async function choose(one: Language): Promise<void> {
  await load(one).catch(() => undefined);
  show(one);
}

async function load(one: Language): Promise<void> {
  const missing = [...wanted].filter((name) => !here.has(`${one} ${name}`));
  await Promise.all(
    missing.map(async (name) => {
      add({ [one]: await BOOKS[name][one]() });
      here.add(`${one} ${name}`);
    }),
  );
}
