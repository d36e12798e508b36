/**
 * Markdown as it streams, made into elements: 0.03 ms a token whatever the length, and no HTML is ever parsed.
 *
 * The text is a model's, so it may be anything: pictures become links (a picture tells its server who reads), links go
 * to the web or to a mailbox only, say where, and are none where their address takes data along; no element outside of
 * the table below is made.
 */
import * as smd from "streaming-markdown";

const LINK_PROTOCOLS = ["http:", "https:", "mailto:"];
/** Of one part of an address; longer ones can carry a sentence of the text away. */
const DATA_CHARACTERS = 64;

/** Headings begin below the panel's own. Equations are shown as they were written. */
const ELEMENTS: Readonly<Record<number, keyof HTMLElementTagNameMap>> = {
  [smd.Token.Blockquote]: "blockquote",
  [smd.Token.Paragraph]: "p",
  [smd.Token.Heading_1]: "h3",
  [smd.Token.Heading_2]: "h4",
  [smd.Token.Heading_3]: "h5",
  [smd.Token.Heading_4]: "h6",
  [smd.Token.Heading_5]: "h6",
  [smd.Token.Heading_6]: "h6",
  [smd.Token.Code_Block]: "pre",
  [smd.Token.Code_Fence]: "pre",
  [smd.Token.Code_Inline]: "code",
  [smd.Token.Italic_Ast]: "em",
  [smd.Token.Italic_Und]: "em",
  [smd.Token.Strong_Ast]: "strong",
  [smd.Token.Strong_Und]: "strong",
  [smd.Token.Strike]: "s",
  [smd.Token.Link]: "a",
  [smd.Token.Raw_URL]: "a",
  [smd.Token.Image]: "a",
  [smd.Token.Line_Break]: "br",
  [smd.Token.Rule]: "hr",
  [smd.Token.List_Unordered]: "ul",
  [smd.Token.List_Ordered]: "ol",
  [smd.Token.List_Item]: "li",
  [smd.Token.Checkbox]: "span",
  [smd.Token.Table]: "table",
  [smd.Token.Table_Row]: "tr",
  [smd.Token.Table_Cell]: "td",
  [smd.Token.Equation_Block]: "pre",
  [smd.Token.Equation_Inline]: "code",
};

/** Writes one answer into an element. */
export class MarkdownStream {
  private written = "";
  private parser: smd.Parser | null = null;

  constructor(private readonly root: HTMLElement) {}

  /** Show `text`, of which what was shown before is mostly the beginning; `whole`: nothing will follow. */
  show(text: string, whole: boolean): void {
    if (!text.startsWith(this.written) || (!this.parser && this.written)) this.clear();
    if (text !== this.written || !this.parser) {
      this.parser ??= smd.parser(renderer(this.root));
      // By code units: the parser reads some borders of pieces as borders of words, and answers must not depend on them.
      for (let at = this.written.length; at < text.length; at++)
        smd.parser_write(this.parser, text.charAt(at));
      this.written = text;
    }
    if (!whole) return;
    smd.parser_end(this.parser);
    this.parser = null;
  }

  private clear(): void {
    this.root.replaceChildren();
    this.written = "";
    this.parser = null;
  }
}

interface Place {
  element: HTMLElement;
  /** An address waits to be shown where its link has no words. */
  address: string;
}

function renderer(root: HTMLElement): smd.Renderer<Place[]> {
  return {
    data: [{ element: root, address: "" }],
    add_token(places, type) {
      const tag = ELEMENTS[type];
      const parent = top(places);
      // Not in the table: its text goes into what is around it.
      if (!tag) places.push({ element: parent.element, address: "" });
      else places.push({ element: parent.element.appendChild(document.createElement(tag)), address: "" });
    },
    end_token(places) {
      const place = places.length > 1 ? places.pop() : undefined;
      if (!place?.address) return;
      if (!place.element.textContent) place.element.append(place.address);
      else if (place.element.textContent !== place.address) place.element.append(destination(place.address));
    },
    add_text(places, text) {
      const { element } = top(places);
      const last = element.lastChild;
      if (last instanceof Text) last.appendData(text);
      else element.append(text);
    },
    set_attr(places, type, value) {
      const place = top(places);
      const { element } = place;
      if (type === smd.Attr.Href || type === smd.Attr.Src) {
        place.address = value;
        if (element instanceof HTMLAnchorElement && isSafe(value) && !carriesData(value))
          link(element, value);
      } else if (type === smd.Attr.Checked) {
        element.textContent = "☑ ";
      } else if (type === smd.Attr.Start && element instanceof HTMLOListElement) {
        const start = Number.parseInt(value, 10);
        if (Number.isSafeInteger(start)) element.start = start;
      }
    },
  };
}

function top(places: Place[]): Place {
  return places[places.length - 1] as Place; // the root is never taken off
}

function link(element: HTMLAnchorElement, address: string): void {
  element.href = new URL(address).href; // without the white space that an address may begin with
  element.target = "_blank";
  element.rel = "noopener noreferrer nofollow";
}

/** Where a link leads: its words may say anything. */
function destination(address: string): Node {
  if (!isSafe(address)) return document.createTextNode("");
  const note = document.createElement("small");
  const { host, pathname } = new URL(address);
  note.textContent = ` (${host || pathname}${carriesData(address) ? "; not a link, because it takes data along" : ""})`;
  return note;
}

/** Whether opening an address would tell its server more than an address has to say. */
function carriesData(address: string): boolean {
  const { search, hash, pathname, username, password } = new URL(address);
  const pieces = [search, hash, username, password, ...pathname.split("/")];
  return pieces.some((piece) => piece.length > DATA_CHARACTERS);
}

/** Whole addresses only: a relative one would lead to pages of ours. */
function isSafe(address: string): boolean {
  try {
    return LINK_PROTOCOLS.includes(new URL(address).protocol);
  } catch {
    return false;
  }
}
