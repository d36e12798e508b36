import { resolve } from "node:path";
import { defineConfig } from "vite";

const source = (entry: string) => resolve(import.meta.dirname, "src", entry, "main.ts");

export default defineConfig({
  base: "/static/dist/",
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: true,
    modulePreload: { polyfill: false },
    target: "es2023",
    chunkSizeWarningLimit: 700, // kB; the editor with Yjs and ProseMirror is one chunk, wanted at once
    rolldownOptions: {
      input: { page: source("page"), editor: source("editor"), admin: source("admin"), docs: source("docs") },
    },
  },
  worker: { format: "es" },
});
