/**
 * When a lost connection is tried again: at once, then after 1, 2, 4 … 30 s, scattered, so that a restart is no stampede.
 * A return of the network or of the person does not wait for that, nor does a sign of life from another socket.
 */
import { RECONNECT_FIRST_MS, RECONNECT_MOST_MS, STEADY_MS } from "../editor/limits";
import { isBusy, isPermanent, isRestarting } from "./close-codes";
import { onReturn } from "./returns";

export interface Reconnectable {
  /** Begin an attempt, which ends in `succeeded` or `lost`. */
  connect(): void;
  /** See whether the open connection still answers: it may have died unheard while the machine slept. */
  check(): void;
}

const all = new Set<Reconnection>();

export class Reconnection {
  /** Attempts in a row without a steady connection. */
  private failures = 0;
  private isUp = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private steady: ReturnType<typeof setTimeout> | undefined;
  private readonly stopListening: () => void;

  constructor(private readonly socket: Reconnectable) {
    all.add(this);
    this.stopListening = onReturn(() => (this.isUp ? this.socket.check() : this.hurry()));
  }

  /** The connection is up and of use. */
  succeeded(): void {
    this.isUp = true;
    clearTimeout(this.steady);
    this.steady = setTimeout(() => {
      this.failures = 0;
    }, STEADY_MS);
    for (const other of all) if (other !== this) other.hurry();
  }

  /** It is gone, or the attempt has failed. */
  lost(code: number): void {
    if (isPermanent(code)) {
      this.stop();
      return;
    }
    clearTimeout(this.steady);
    clearTimeout(this.timer);
    if (isRestarting(code) && this.isUp) this.failures = 0;
    this.isUp = false;
    if (isBusy(code)) this.failures = Math.max(1, this.failures);
    this.timer = setTimeout(() => this.connect(), delay(this.failures));
    this.failures += 1;
  }

  /** Do not wait any longer. */
  hurry(): void {
    if (this.timer !== undefined) this.connect();
  }

  /** Never again. */
  stop(): void {
    all.delete(this);
    this.stopListening();
    clearTimeout(this.timer);
    clearTimeout(this.steady);
    this.timer = undefined;
    this.isUp = false;
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.socket.connect();
  }
}

function delay(failures: number): number {
  if (failures === 0) return 0;
  const whole = Math.min(RECONNECT_FIRST_MS * 2 ** (failures - 1), RECONNECT_MOST_MS);
  return whole * (0.5 + Math.random() / 2);
}
