/** HTML as Word and Google Docs put it on the clipboard, made into what it means. */

import { IMAGE_MAX_CHARACTERS } from "./limits";

const JUNK: ReadonlySet<string> = new Set(["style", "script", "meta", "link", "title", "xml", "o:p"]);

/**
 * Return clean HTML. Runs on an inert document: nothing is loaded or executed.
 * `leftOut` is told of a picture that is too large to be kept in the document.
 */
export function cleanHtml(html: string, leftOut: () => void = () => {}): string {
  if (html.includes("data-pm-slice")) return html; // our own
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const { body } = parsed;
  for (const element of body.querySelectorAll("*")) if (JUNK.has(element.localName)) element.remove();
  for (const image of body.querySelectorAll("img")) {
    replaceRemoteImage(image);
    if ((image.getAttribute("src")?.length ?? 0) <= IMAGE_MAX_CHARACTERS) continue;
    image.remove();
    leftOut();
  }
  const isWord = /class="?Mso|urn:schemas-microsoft-com|mso-/.test(html);
  if (isWord) cleanWord(body);
  if (html.includes("docs-internal-guid")) cleanDocs(body);
  return body.innerHTML;
}

/** Pictures elsewhere are not loaded; where one had a description or an address, a link stays. */
function replaceRemoteImage(image: HTMLImageElement): void {
  const source = image.getAttribute("src") ?? "";
  if (source.startsWith("data:")) return;
  const words = image.getAttribute("alt")?.trim();
  if (/^https?:/.test(source) && words) {
    const link = image.ownerDocument.createElement("a");
    link.setAttribute("href", source);
    link.textContent = words;
    image.replaceWith(link);
  } else {
    image.remove();
  }
}

/** Word's lists are paragraphs of class MsoListParagraph whose bullet is text. */
function cleanWord(body: HTMLElement): void {
  for (const title of body.querySelectorAll("p.MsoTitle")) rename(title, "h1");
  let list: { element: HTMLElement; ordered: boolean } | null = null;
  for (const paragraph of [...body.querySelectorAll<HTMLElement>("p")]) {
    const style = paragraph.getAttribute("style") ?? "";
    if (!/mso-list:\s*l\d/i.test(style)) {
      list = null;
      continue;
    }
    const marker = paragraph.querySelector('[style*="mso-list:Ignore"], [style*="mso-list: Ignore"]');
    const ordered = /^\s*(\d+|[a-z]|[ivx]+)[.)]/i.test(marker?.textContent ?? "");
    marker?.remove();
    if (!list || list.ordered !== ordered || list.element.nextElementSibling !== paragraph) {
      const element: HTMLElement = body.ownerDocument.createElement(ordered ? "ol" : "ul");
      paragraph.before(element);
      list = { element, ordered };
    }
    const item = body.ownerDocument.createElement("li");
    item.append(...paragraph.childNodes);
    list.element.append(item);
    paragraph.remove();
  }
}

/** Docs wraps everything in a bold element that is not bold, and marks with styles. */
function cleanDocs(body: HTMLElement): void {
  for (const wrapper of body.querySelectorAll('b[id^="docs-internal-guid"]'))
    wrapper.replaceWith(...wrapper.childNodes);
  for (const span of body.querySelectorAll<HTMLElement>("span[style]")) {
    const { fontWeight, fontStyle, textDecoration } = span.style;
    const inHeading = span.closest("h1, h2, h3, h4, h5, h6");
    if (Number(fontWeight) >= 600 && !inHeading) wrap(span, "strong");
    if (fontStyle === "italic") wrap(span, "em");
    if (textDecoration.includes("line-through")) wrap(span, "s");
    if (textDecoration.includes("underline") && !span.closest("a")) wrap(span, "u");
    span.removeAttribute("style");
  }
}

function wrap(element: HTMLElement, name: string): void {
  const outer = element.ownerDocument.createElement(name);
  outer.append(...element.childNodes);
  element.append(outer);
}

function rename(element: Element, name: string): void {
  const other = element.ownerDocument.createElement(name);
  other.append(...element.childNodes);
  element.replaceWith(other);
}
