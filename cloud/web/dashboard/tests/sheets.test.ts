import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

/** All modules, by their path within src/. */
const sources = new Map(
  readdirSync("src", { recursive: true }).filter((path) => /\.tsx?$/.test(path)).map((path) => [path, readFileSync(join("src", path), "utf8")]),
);

/** What a module imports at once: paths within src/, sheets among them. */
function imports(path: string): string[] {
  const named = [...sources.get(path)!.matchAll(/^(?:import|export)(?!\s+type\b)[^"';]*?"([^"]+)";/gms)].map((one) => one[1]!);
  return named.flatMap((name) => {
    if (name.endsWith(".css")) return [name.startsWith(".") ? normalize(join(dirname(path), name)) : name];
    const found = normalize(join(dirname(path), name));
    return [found, `${found}.tsx`, `${found}.ts`].filter((one) => sources.has(one));
  });
}

/** A module and all that it brings with it. */
function brought(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  if (!path.endsWith(".css")) for (const one of imports(path)) brought(one, found);
  return found;
}

/** What a module shows: of each element its name and its classes. */
function shown(path: string): Set<string>[] {
  const text = sources.get(path)!;
  const found: string[] = [...text.matchAll(/<Panel\s+name="([^"]+)"/g)].map((one) => `section panel ${one[1]}`);
  for (const { 0: start, index } of text.matchAll(/\bclass=(?=["{])/g)) {
    const from = index + start.length;
    let to = from + 1;
    const tag = text.slice(0, index).match(/.*<([a-z]\w*)\b/s)?.[1] ?? "";
    if (text[from] === '"') {
      found.push(`${tag} ${text.slice(to, text.indexOf('"', to))}`);
      continue;
    }
    for (let deep = 1; deep; to++) deep += text[to] === "{" ? 1 : text[to] === "}" ? -1 : 0;
    const code = text.slice(from, to);
    const plain = [...code.matchAll(/`([^`]*)`/g)].map((one) => one[1]!.replaceAll(/\$\{[^}]*\}/g, " "));
    found.push([tag, ...plain, ...[...code.matchAll(/"([^"]*)"/g)].map((one) => one[1]!)].join(" "));
  }
  return found.map((one) => new Set(one.match(/[a-z][\w-]*/gi)));
}

/** The selectors of a sheet for a screen, and of each what its elements are and have; what `:not()` leaves out is left out. */
function rules(sheet: string): { selector: string; elements: string[][] }[] {
  const text = readFileSync(join("src", sheet), "utf8").replaceAll(/\/\*.*?\*\//gs, "").replaceAll(/@media print \{(?:[^{}]*\{[^{}]*\})*\s*\}/g, "");
  return [...text.matchAll(/([^{}]+)\{/g)]
    .filter(([, one]) => !one!.trim().startsWith("@"))
    .flatMap(([, one]) => one!.split(",").map((selector) => selector.trim()))
    .map((selector) => ({
      selector,
      elements: selector.replaceAll(/:not\([^)]*\)/g, "").split(/[\s>+~]+/).filter((one) => one.includes(".")).map((one) => one.replaceAll(/\[[^\]]*\]|::?[\w-]+(\([^)]*\))?/g, "").match(/[a-z][\w-]*/gi) ?? []),
    }));
}

const SHEETS = [...new Set([...sources.keys()].flatMap(imports))].filter((one) => one.startsWith("style/"));
/** The modules that a page asks for later; words have no looks. */
const LATER = [
  ...new Set([...sources].flatMap(([path, text]) => [...text.matchAll(/import\("([^"]+)"\)/g)].map((one) => normalize(join(dirname(path), one[1]!))).filter((one) => !one.startsWith("words/")))),
].map((name) => [`${name}.tsx`, `${name}.ts`].find((one) => sources.has(one))!);

/** Sheets that an entry lacks, with the selectors for what it and its frame show. */
function lacks(part: string, frame: ReadonlySet<string>): Record<string, string[]> {
  const missing: Record<string, string[]> = {};
  const all = brought(part);
  const own = [...all].filter((one) => !frame.has(one) && sources.has(one)).flatMap(shown);
  const known = [...own, ...[...frame].filter((one) => sources.has(one)).flatMap(shown)];
  const some = (elements: Set<string>[], wanted: string[]) => elements.some((one) => wanted.every((name) => one.has(name)));
  for (const sheet of SHEETS.filter((one) => !all.has(one) && !frame.has(one))) {
    const used = rules(sheet).filter(({ elements }) => elements.some((one) => some(own, one)) && elements.every((one) => some(known, one)));
    if (used.length) missing[`${part} lacks ${sheet}`] = used.map(({ selector }) => selector);
  }
  return missing;
}

test("a part that is loaded later brings every sheet that dresses what it shows", () => {
  const frame = brought("main.tsx");
  assert.ok(LATER.length > 10);
  assert.deepEqual(Object.assign({}, ...LATER.map((part) => lacks(part, frame))), {});
});

test("whoever draws by uPlot brings its sheets", () => {
  const drawing = [...sources].filter(([, text]) => text.includes('from "uplot"')).map(([path]) => path);
  assert.ok(drawing.length);
  for (const path of drawing) for (const sheet of ["uplot/dist/uPlot.min.css", "style/chart.css"]) assert.ok(imports(path).includes(sheet), `${path} lacks ${sheet}`);
});
