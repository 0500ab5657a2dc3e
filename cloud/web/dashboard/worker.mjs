// After build.mjs: the worker that starts the page without a network, with the list of the files it keeps; the manifest and
// the icons for who puts the page on a phone's home screen. BUILD names the build (see hatch_build.py).
import { copyFileSync, readdirSync } from "node:fs";
import * as esbuild from "esbuild";

const BUILD = process.env.BUILD ?? "development";
/** Of the page alone; the small page of customers needs a network. */
const kept = readdirSync("dist/assets").filter((name) => /-[0-9A-Z]{8}\.(js|css|woff2)$/.test(name) && !name.startsWith("public-")).sort();
const icons = readdirSync("src/icons").filter((name) => name.endsWith(".png")).sort();

for (const name of icons) copyFileSync(`src/icons/${name}`, `dist/assets/${name}`);
copyFileSync("src/icons/manifest.webmanifest", "dist/manifest.webmanifest");
copyFileSync("src/worker/goodbye.js", "dist/goodbye.js");
await esbuild.build({
  entryPoints: ["src/worker/worker.ts"],
  outfile: "dist/sw.js",
  bundle: true,
  format: "iife",
  target: ["es2022"],
  minify: true,
  logLevel: "warning",
  define: { BUILD: JSON.stringify(BUILD), FILES: JSON.stringify(["./", "manifest.webmanifest", ...kept.map((name) => `assets/${name}`)]) },
});
