// Bundles each widget's front end into one module and collects the licences of what went into them.
// `node build.mjs` writes ../editor.js, ../pane.js, ../timeline.js and ../LICENSES.txt; `--check` only says whether they are up to date.
import { readFileSync, writeFileSync, existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHash } from "node:crypto";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

/** One hash over everything that a bundle is made of: the tests compare it, and need no node for that. */
function sourcesHash() {
  const sources = readdirSync(join(here, "src")).filter((name) => name.endsWith(".js")).sort();
  const hash = createHash("sha256");
  for (const name of [...sources.map((one) => `src/${one}`), "../../drawing/live.js", "package-lock.json"]) hash.update(readFileSync(join(here, name)));
  return hash.digest("hex");
}

const banner = `/* Built by frontend/build.mjs from frontend/src; the licences of the bundled packages are in LICENSES.txt.
   Sources: sha256 ${sourcesHash()} */`;

/** The npm packages whose code is in the bundle, from esbuild's own account of it. */
function packagesOf(metafile) {
  const names = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .filter(([, part]) => part.bytesInOutput > 0)
    .map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return new Set(names.filter(Boolean));
}

function licenceOf(name) {
  const folder = join(here, "node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file) throw new Error(`${name} brings no licence file`);
  const text = readFileSync(join(folder, file), "utf8").trim();
  return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
}

const options = { absWorkingDir: here, bundle: true, format: "esm", minify: true, target: "es2020", charset: "utf8",
  legalComments: "none", banner: { js: banner }, write: false, metafile: true };
const files = {};
const packages = new Set();
for (const name of ["editor", "pane", "timeline"]) {
  const result = await build({ ...options, entryPoints: [`src/${name}.js`], outfile: `../${name}.js` });
  files[`${name}.js`] = result.outputFiles[0].text;
  packagesOf(result.metafile).forEach((one) => packages.add(one));
}
const rule = `\n${"-".repeat(72)}\n\n`;
files["LICENSES.txt"] = `editor.js contains these packages:\n${rule}${[...packages].sort().map(licenceOf).join(rule)}`;
const stale = Object.entries(files).filter(([name, text]) => {
  const path = join(here, "..", name);
  return !existsSync(path) || readFileSync(path, "utf8") !== text;
});
if (process.argv.includes("--check")) {
  for (const [name] of stale) console.error(`${name} is not what the sources build: run npm run build`);
  process.exit(stale.length ? 1 : 0);
}
for (const [name, text] of stale) writeFileSync(join(here, "..", name), text);
for (const [name, text] of Object.entries(files)) console.log(`${name}: ${(text.length / 1024).toFixed(0)} kB`);
