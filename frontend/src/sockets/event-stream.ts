/** Reads `text/event-stream` as our server writes it: `id` and one line of `data`, or a comment. */
export interface Received {
  number: number;
  data: string;
}

/** Yield the events of each piece as it arrives; an empty list for a piece without a whole one. */
export async function* readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Received[]> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    yield blocks.flatMap(parse);
  }
}

function parse(block: string): Received[] {
  let number = 0;
  let data: string | null = null;
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) number = Number(line.slice(4));
    else if (line.startsWith("data: ")) data = line.slice(6);
  }
  return data === null ? [] : [{ number, data }];
}
