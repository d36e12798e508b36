import { defineConfig } from "vite";

const target = process.env.INTERLINE_URL ?? "http://localhost:8000";

/** To the browser the page and the server are one site, so it asks for no permission of another origin. */
export default defineConfig({
  server: {
    proxy: {
      "/api": { target, changeOrigin: true },
      "/ws": { target, changeOrigin: true, ws: true },
    },
  },
});
