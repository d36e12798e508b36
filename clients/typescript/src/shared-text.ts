/** A document's live text: a Y.Doc kept in step over `/ws/sync` by y-websocket. */
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { InterlineError } from "./errors.js";

const ACKNOWLEDGEMENT = 100;
const PERMANENT: Record<number, string> = {
  4400: "invalid",
  4401: "sign_in",
  4403: "forbidden",
  4404: "not_found",
  4413: "too_large",
};

export interface OpenOptions {
  /** For platforms without one of their own, such as Node before 22: `ws`. */
  WebSocket?: typeof WebSocket;
}

export class SharedText {
  readonly document: Y.Doc;
  /** The rich text, as Tiptap keeps it. */
  readonly text: Y.XmlFragment;
  private readonly meta: Y.Map<string>;

  private constructor(private readonly provider: WebsocketProvider) {
    this.document = provider.doc;
    this.text = this.document.getXmlFragment("default");
    this.meta = this.document.getMap<string>("meta");
  }

  /** Resolves when the text is here; rejects with InterlineError when it is refused. */
  static async open(url: string, id: string, token: () => Promise<string>, options: OpenOptions): Promise<SharedText> {
    const provider = new WebsocketProvider(url, id, new Y.Doc(), {
      connect: false,
      disableBc: true, // tabs that trade updates among themselves would pass the server by
      params: { ack: "1" },
      protocols: [`bearer.${await token()}`],
      ...(options.WebSocket ? { WebSocketPolyfill: options.WebSocket } : {}),
    });
    provider.messageHandlers[ACKNOWLEDGEMENT] = () => {};
    // A token is for one opening: each connection comes with a new one.
    provider.on("connection-close", async () => {
      provider.protocols = [`bearer.${await token().catch(() => "")}`];
    });
    await new Promise<void>((resolve, reject) => {
      provider.once("sync", () => resolve());
      provider.on("closed", ({ code, reason }) => {
        reject(new InterlineError(PERMANENT[code] ?? "closed", reason || `closed with ${code}`));
      });
      provider.connect();
    });
    return new SharedText(provider);
  }

  get title(): string {
    return this.meta.get("title") ?? "";
  }

  set title(title: string) {
    this.meta.set("title", title);
  }

  /** The plain text of each top-level block. */
  get paragraphs(): string[] {
    return this.text.toArray().map(plain);
  }

  appendParagraph(text: string): void {
    const paragraph = new Y.XmlElement("paragraph");
    paragraph.insert(0, [new Y.XmlText(text)]);
    this.text.push([paragraph]);
  }

  close(): void {
    this.provider.destroy();
    this.document.destroy();
  }
}

function plain(node: Y.XmlElement | Y.XmlText | Y.XmlHook): string {
  if (node instanceof Y.XmlText) return node.toDelta().map(({ insert }: { insert: unknown }) => insert).join("");
  return node instanceof Y.XmlElement ? node.toArray().map(plain).join("") : "";
}
