/** Writes `static/icons.svg`: one sprite of the Lucide icons named in `icons.json` (the whole set would be 533 KB). */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const names = JSON.parse(readFileSync(resolve(root, "icons.json"), "utf8"));

const symbols = names.map((name) => {
  const svg = readFileSync(resolve(root, "node_modules/lucide-static/icons", `${name}.svg`), "utf8");
  const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, "")}</symbol>`;
});

const target = resolve(root, "../static/icons.svg");
mkdirSync(resolve(target, ".."), { recursive: true });
writeFileSync(target, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
console.log(`${names.length} icons → static/icons.svg`);
