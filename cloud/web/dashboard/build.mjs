// Bundles the page into dist/: hashed file names, index.html and public.html that name them, and the licences of what is inside.
// `--watch` rebuilds on change; `--tests` bundles tests/ for `node --test`. BUILD names the build (see hatch_build.py).
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import * as esbuild from "esbuild";

const shared = { bundle: true, format: "esm", jsx: "automatic", jsxImportSource: "preact", logLevel: "warning" };
const BUILD = process.env.BUILD ?? "development";
const INSIDE = ["preact", "@preact/signals", "@preact/signals-core", "uplot", "@fontsource-variable/inter"];

if (process.argv.includes("--tests")) {
  rmSync("dist/tests", { recursive: true, force: true });
  await esbuild.build({
    ...shared,
    entryPoints: readdirSync("tests").filter((name) => name.endsWith(".test.ts")).map((name) => `tests/${name}`),
    platform: "node",
    outdir: "dist/tests",
    outExtension: { ".js": ".mjs" },
  });
} else {
  rmSync("dist", { recursive: true, force: true });
  mkdirSync("dist");
  const options = {
    ...shared,
    outdir: "dist",
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".woff2": "file" },
    target: ["es2022"],
    minify: true,
    metafile: true,
    legalComments: "none",
  };
  const [together, sheets] = [{ name: "together", setup: framed }, { name: "sheets", setup: sheeted }];
  const built = [
    // What only some pages need is loaded when one of them is opened.
    { ...options, splitting: true, entryPoints: { app: "src/main.tsx" }, plugins: [together, sheets, page("index.html", "src/main.tsx")] },
    { ...options, entryPoints: { public: "src/public/main.ts" }, plugins: [page("public.html", "src/public/main.ts")] },
  ];
  for (const one of built) {
    if (process.argv.includes("--watch")) await (await esbuild.context(one)).watch();
    else await esbuild.build(one);
  }
  writeFileSync("dist/assets/licences.txt", INSIDE.map(licence).join("\n\n"));
}

/** Whatever is loaded later has the frame of all pages beneath it. By saying so, what they share with the frame stays one
 *  file of the first load, not a file for each set of pages that shares something. Words need no frame. */
function framed(build) {
  build.onResolve({ filter: /./ }, ({ kind, importer, path, resolveDir }) =>
    kind === "dynamic-import" && !importer.includes("/words/") ? { path: resolve(resolveDir, path), namespace: "later" } : undefined,
  );
  build.onLoad({ filter: /./, namespace: "later" }, ({ path }) => ({
    contents: `import ${JSON.stringify(resolve("src/ui/shell"))}; export * from ${JSON.stringify(path)};`,
    resolveDir: resolve("src"),
  }));
}

/** A style sheet that the first load does not need is a file of its own; the module that imports it puts it on the page
 *  (see src/sheets.ts). */
function sheeted(build) {
  build.onResolve({ filter: /\.css$/ }, ({ importer, path, resolveDir }) =>
    /main\.tsx$|\.css$/.test(importer) ? undefined : { path: path.startsWith(".") ? join(resolveDir, path) : resolve("node_modules", path), namespace: "sheet" },
  );
  build.onLoad({ filter: /./, namespace: "sheet" }, ({ path }) => ({
    contents: `import { wear } from "./sheets"; import href from ${JSON.stringify(`file:${path}`)}; wear(href);`,
    resolveDir: resolve("src"),
  }));
  build.onResolve({ filter: /^file:/ }, ({ path }) => ({ path: path.slice("file:".length), namespace: "sheet-file" }));
  build.onLoad({ filter: /./, namespace: "sheet-file" }, async ({ path }) => ({
    contents: (await esbuild.transform(readFileSync(path, "utf8"), { loader: "css", minify: true })).code,
    loader: "file",
  }));
}

/** The page, with the names of what was built. */
function page(name, start) {
  return {
    name: "page",
    setup: (build) => build.onEnd(({ metafile }) => metafile && writePage(name, start, metafile)),
  };
}

function writePage(name, start, metafile) {
  const made = Object.entries(metafile.outputs);
  const [script, { cssBundle, imports }] = made.find(([, { entryPoint }]) => entryPoint === start);
  const font = made.find(([path]) => path.endsWith(".woff2"));
  writeFileSync(
    `dist/${name}`,
    readFileSync(`src/${name}`, "utf8")
      .replaceAll("{build}", BUILD)
      .replaceAll("{script}", basename(script))
      .replaceAll("{style}", basename(cssBundle))
      .replaceAll("{font}", basename(font?.[0] ?? ""))
      .replaceAll("{preload}", imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => `<link rel="modulepreload" href="assets/${basename(path)}">`).join("\n"))
      .replaceAll("{icon}", `data:image/svg+xml,${encodeURIComponent(readFileSync("src/icon.svg", "utf8").trim())}`),
  );
}

function licence(name) {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8")}`;
}
