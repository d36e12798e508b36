import { defineConfig } from "vitest/config";

export default defineConfig({
  // Random histories take a second alone, and many on a machine that does other things too.
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"], testTimeout: 60_000 },
});
