/** The title, edited in place: a field bound to `meta.title` of the shared document. Who may write is not known here. */
import type * as Y from "yjs";
import { TITLE_MAX_CHARACTERS } from "./limits";

const UNTITLED = "Untitled";

export interface TitleOptions {
  field: HTMLTextAreaElement;
  document: Y.Doc;
  /** Shown until the shared document has arrived. */
  known: string;
  ready: Promise<void>;
  /** Enter: on to the text. */
  done(): void;
}

export function bindTitle({ field, document, known, ready, done }: TitleOptions): void {
  const meta = document.getMap<unknown>("meta");
  const show = (title: string) => {
    if (field.value !== title) replaceValue(field, title);
    field.ownerDocument.title = `${title.trim() || UNTITLED} – Interline`;
    grow(field);
  };
  const shared = () => {
    const title = meta.get("title");
    return typeof title === "string" ? title : "";
  };

  field.maxLength = TITLE_MAX_CHARACTERS;
  show(known);
  meta.observe(() => show(shared()));
  ready.then(() => {
    if (meta.has("title")) show(shared());
  });

  field.addEventListener("input", () => {
    const title = oneLine(field.value);
    if (title !== shared()) meta.set("title", title);
    show(title);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    done();
  });
  new ResizeObserver(() => grow(field)).observe(field);
}

export function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, " ").slice(0, TITLE_MAX_CHARACTERS);
}

/** Set the value and keep the caret where its neighbours are: somebody else may type in the title too. */
function replaceValue(field: HTMLTextAreaElement, title: string): void {
  const { value, selectionStart, selectionEnd } = field;
  field.value = title;
  if (field.ownerDocument.activeElement !== field) return;
  field.setSelectionRange(movedCaret(value, title, selectionStart), movedCaret(value, title, selectionEnd));
}

/** Where a caret goes when `before` became `after`: it stays unless the change lies before it. */
export function movedCaret(before: string, after: string, caret: number): number {
  let same = 0;
  while (same < caret && same < after.length && before[same] === after[same]) same++;
  if (same === caret) return caret;
  return Math.max(same, Math.min(after.length, caret + after.length - before.length));
}

/** Long titles wrap: give the field the height of its words where the browser does not. */
function grow(field: HTMLTextAreaElement): void {
  if (CSS.supports?.("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
