/** Compresses the WebAssembly of the build once, with gzip: brotli at its highest would take `collectstatic` minutes. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";

const folder = resolve(import.meta.dirname, "../../static/dist/assets");
for (const name of readdirSync(folder).filter((file) => file.endsWith(".wasm"))) {
  const raw = readFileSync(resolve(folder, name));
  const compressed = gzipSync(raw, { level: 6 });
  writeFileSync(resolve(folder, `${name}.gz`), compressed);
  console.log(`${name}: ${(raw.length / 1e6).toFixed(1)} MB → ${(compressed.length / 1e6).toFixed(1)} MB`);
}
