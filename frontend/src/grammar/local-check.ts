/** Lane one: asks the checker's worker about blocks, and starts it when the page has nothing better to do. */
import { categoryLabel, type Finding, kindOf } from "./findings";
import type { FromWorker, ToWorker } from "./worker-messages";

const IGNORED = "harper:";

export interface LocalSettings {
  words: readonly string[];
  /** As kept with a person or a document; those of this lane begin with `harper:`. */
  ignoredRules: readonly string[];
  language: string;
}

export class LocalCheck {
  private worker: Worker | null = null;
  private count = 0;
  private readonly waiting = new Map<number, (message: FromWorker) => void>();
  private settings: ToWorker | null = null;
  /** It could not be started: then there is only the other lane. */
  isBroken = false;

  /** Start with the page's next idle moment; it takes some seconds, in the worker. */
  start(): void {
    if (this.worker || this.isBroken) return;
    try {
      this.worker = new Worker(new URL("./harper.worker.ts", import.meta.url), {
        type: "module",
        name: "grammar",
      });
    } catch {
      this.isBroken = true;
      return;
    }
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.hear(data));
    this.worker.addEventListener("error", () => this.hear({ type: "broken" }));
    if (this.settings) this.worker.postMessage(this.settings);
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.release();
  }

  configure({ words, ignoredRules, language }: LocalSettings): void {
    this.settings = {
      type: "settings",
      words: [...words],
      ignoredRules: ignoredRules
        .filter((rule) => rule.startsWith(IGNORED))
        .map((rule) => rule.slice(IGNORED.length)),
      british: /^en-(GB|IE|IN|AU|NZ|ZA)$/i.test(language),
    };
    this.worker?.postMessage(this.settings);
  }

  /** Return what is wrong in a block's text; null when nobody can say. */
  async check(text: string): Promise<Finding[] | null> {
    const answer = await this.ask((id) => ({ type: "check", id, text }));
    if (answer?.type !== "checked") return null;
    return answer.lints.map(({ start, end, kind, message, replacements }) => ({
      start,
      end,
      original: text.slice(start, end),
      replacements,
      kind: kindOf(kind),
      category: categoryLabel(kind),
      reason: message,
      edit: null,
    }));
  }

  /** Return the name under which the rule behind a finding is ignored, or null. */
  async ruleOf(text: string, { start, end }: Finding): Promise<string | null> {
    const answer = await this.ask((id) => ({ type: "rule", id, text, start, end }));
    return answer?.type === "rule" && answer.rule ? IGNORED + answer.rule : null;
  }

  private ask(message: (id: number) => ToWorker): Promise<FromWorker | null> {
    if (!this.worker || this.isBroken) return Promise.resolve(null);
    const id = ++this.count;
    this.worker.postMessage(message(id));
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  private hear(message: FromWorker): void {
    if (message.type === "broken") {
      this.isBroken = true;
      this.stop();
    } else if ("id" in message) {
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    }
  }

  private release(): void {
    for (const resolve of this.waiting.values()) resolve({ type: "broken" });
    this.waiting.clear();
  }
}

interface Device {
  connection?: { saveData?: boolean };
  deviceMemory?: number;
}

/** 8 MB over the wire and 220 MB of memory: not on phones, nor where people asked to save data. */
export function isUpToIt(device: Device = navigator as Device): boolean {
  const touch = matchMedia("(pointer: coarse)").matches;
  return !touch && !device.connection?.saveData && (device.deviceMemory ?? 8) >= 4;
}
