import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECK_MS, RECONNECT_MOST_MS, SLEEP_MS, STEADY_MS } from "../editor/limits";
import { CLOSE } from "./close-codes";
import { Reconnection } from "./reconnection";

describe("the reconnection", () => {
  let attempts: number[];
  let checks: number;
  let reconnection: Reconnection;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(1);
    attempts = [];
    checks = 0;
    reconnection = make();
  });
  afterEach(() => {
    reconnection.stop();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  function make(): Reconnection {
    const connect = () => void attempts.push(Date.now());
    return new Reconnection({ connect, check: () => void checks++ });
  }
  /** How long it waits after one more loss, in ms. */
  async function waitAfter(code: number = CLOSE.abnormal): Promise<number> {
    const [before, lostAt] = [attempts.length, Date.now()];
    reconnection.lost(code);
    await vi.advanceTimersToNextTimerAsync();
    while (attempts.length === before) await vi.advanceTimersToNextTimerAsync();
    return (attempts.at(-1) ?? 0) - lostAt;
  }
  async function steady(): Promise<void> {
    reconnection.succeeded();
    await vi.advanceTimersByTimeAsync(STEADY_MS);
  }

  it("tries at once, then after 1, 2, 4 … 30 seconds", async () => {
    const waits = [];
    for (let round = 0; round < 8; round++) waits.push(await waitAfter());
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, RECONNECT_MOST_MS, RECONNECT_MOST_MS]);
  });

  it("scatters its attempts over half of the wait", async () => {
    vi.mocked(Math.random).mockReturnValue(0);
    expect([await waitAfter(), await waitAfter(), await waitAfter()]).toEqual([0, 500, 1000]);
  });

  it("starts anew after a connection that stayed, not after one that was cut at once", async () => {
    await waitAfter();
    await steady();
    expect(await waitAfter()).toBe(0);
    reconnection.succeeded();
    expect(await waitAfter()).toBe(1000);
  });

  it.each([CLOSE.restarting, CLOSE.serviceRestart])(
    "comes back at once when the server restarts (%i), however short the connection was",
    async (code) => {
      await waitAfter();
      await waitAfter();
      reconnection.succeeded();
      expect(await waitAfter(code)).toBe(0);
      expect(await waitAfter(code)).toBe(1000); // it never came up: no hot loop
    },
  );

  it.each([CLOSE.overloaded, CLOSE.tryAgainLater, CLOSE.tooMany])(
    "gives the server a pause after %i",
    async (code) => {
      await steady();
      expect([await waitAfter(code), await waitAfter(code)]).toEqual([1000, 2000]);
    },
  );

  it.each([4400, 4401, 4403, 4404, 4413])("never tries again after %i", async (code) => {
    reconnection.lost(code);
    await vi.advanceTimersByTimeAsync(10 * RECONNECT_MOST_MS);
    window.dispatchEvent(new Event("online"));
    expect(attempts).toEqual([]);
  });

  it.each(["online", "visibilitychange"])("does not wait any longer at %s", async (event) => {
    for (let round = 0; round < 5; round++) await waitAfter();
    reconnection.lost(CLOSE.abnormal);
    const before = attempts.length;
    (event === "online" ? window : document).dispatchEvent(new Event(event));
    expect(attempts).toHaveLength(before + 1);
  });

  it("looks whether an open connection lives after a return, and after the machine slept", async () => {
    reconnection.succeeded();
    window.dispatchEvent(new Event("online"));
    expect(checks).toBe(1);
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    vi.setSystemTime(Date.now() + SLEEP_MS);
    await vi.advanceTimersByTimeAsync(CHECK_MS);
    expect(checks).toBe(2);
  });

  it("takes another socket's success as a sign of life", async () => {
    for (let round = 0; round < 5; round++) await waitAfter();
    reconnection.lost(CLOSE.abnormal);
    const before = attempts.length;
    const other = make();
    other.succeeded();
    other.stop();
    expect(attempts).toHaveLength(before + 1);
  });
});
