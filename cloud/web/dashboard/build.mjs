// Bundles the page into dist/: hashed file names, index.html and public.html that name them, and the licences of what is inside.
// `--watch` rebuilds on change; `--tests` bundles tests/ for `node --test`. BUILD names the build (see hatch_build.py).
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
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
  const page = {
    name: "page",
    setup(build) {
      build.onEnd((result) => result.metafile && writePage(result.metafile));
    },
  };
  rmSync("dist", { recursive: true, force: true });
  mkdirSync("dist");
  const options = {
    ...shared,
    entryPoints: { app: "src/main.tsx", public: "src/public/main.ts" },
    outdir: "dist",
    splitting: true, // what only some pages need is loaded when one of them is opened
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    assetNames: "assets/[name]-[hash]",
    loader: { ".woff2": "file" },
    target: ["es2022"],
    minify: true,
    metafile: true,
    legalComments: "none",
    plugins: [page],
  };
  if (process.argv.includes("--watch")) {
    await (await esbuild.context(options)).watch();
  } else {
    await esbuild.build(options);
  }
}

function writePage(metafile) {
  const made = Object.entries(metafile.outputs);
  const font = basename(made.find(([path]) => path.endsWith(".woff2"))[0]);
  const icon = encodeURIComponent(readFileSync("src/icon.svg", "utf8").trim());
  for (const [page, start] of [["index.html", "src/main.tsx"], ["public.html", "src/public/main.ts"]]) {
    const [script, { cssBundle, imports }] = made.find(([, { entryPoint }]) => entryPoint === start);
    writeFileSync(
      `dist/${page}`,
      readFileSync(`src/${page}`, "utf8")
        .replaceAll("{build}", BUILD)
        .replaceAll("{script}", basename(script))
        .replaceAll("{style}", basename(cssBundle))
        .replaceAll("{font}", font)
        .replaceAll("{preload}", imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => `<link rel="modulepreload" href="assets/${basename(path)}">`).join("\n"))
        .replaceAll("{icon}", `data:image/svg+xml,${icon}`),
    );
  }
  writeFileSync("dist/assets/licences.txt", INSIDE.map(licence).join("\n\n"));
}

function licence(name) {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8")}`;
}
