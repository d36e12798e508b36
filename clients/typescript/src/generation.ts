/** A generation as an async iterable of its events, which goes on by itself after a lost connection. */
import { InterlineError } from "./errors.js";
import type { Decide, ServerMessage } from "./messages.js";
import type { Ask } from "./rest.js";

export type GenerationEvent = Extract<ServerMessage, { seq: number }>;

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 10_000;
/** The server sends a comment every 15 s. */
const SILENCE_MAX_MS = 45_000;

export class Generation implements AsyncIterable<GenerationEvent> {
  private seq = 0;

  constructor(
    private readonly ask: Ask,
    readonly id: string,
  ) {}

  /** Yield every event once and in order, and end with the generation's end. */
  async *[Symbol.asyncIterator](): AsyncIterator<GenerationEvent> {
    for (let failures = 0; ; failures++) {
      try {
        for await (const event of this.stream()) {
          failures = 0;
          this.seq = event.seq;
          yield event;
          if (event.type === "done" || event.type === "failed" || event.type === "cancelled") return;
        }
      } catch (error) {
        if (error instanceof InterlineError && error.status < 500) throw error;
      }
      const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** failures);
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    }
  }

  /** Follow it to its end and return all of its text. Throws InterlineError when it fails or is stopped. */
  async text(): Promise<string> {
    let text = "";
    for await (const event of this) {
      if (event.type === "chunk") text += event.text;
      if (event.type === "failed") throw new InterlineError(event.code, event.message);
      if (event.type === "cancelled") throw new InterlineError("cancelled", "The generation was stopped.");
    }
    return text;
  }

  /** Have it stopped; its last event tells that it was. */
  async cancel(): Promise<void> {
    await this.ask("POST", `/generations/${this.id}/cancel`);
  }

  /** Say what was decided, about all of it or about one edit. */
  async decide(decision: Decide["decision"], about: { editId?: string; finalText?: string } = {}): Promise<void> {
    await this.ask("POST", `/generations/${this.id}/decisions`, {
      body: { decision, edit_id: about.editId ?? null, final_text: about.finalText ?? null },
    });
  }

  private async *stream(): AsyncGenerator<GenerationEvent> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
    try {
      const answer = await this.ask("GET", `/generations/${this.id}/events`, {
        headers: { "Last-Event-ID": String(this.seq) },
        signal: silence.signal,
      });
      if (!answer.body) return;
      for await (const line of lines(answer.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MAX_MS);
        if (line.startsWith("data:")) yield JSON.parse(line.slice(5)) as GenerationEvent;
      }
    } finally {
      clearTimeout(timer);
      silence.abort(); // who stops reading leaves the connection
    }
  }
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
