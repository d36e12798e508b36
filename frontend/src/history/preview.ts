/** A version as it reads, with what differs from the text now, in a dialog; read-only. */
import type { Editor } from "@tiptap/core";
import { DOMSerializer, type Node } from "@tiptap/pm/model";
import { call } from "../documents/api";
import { openDialog } from "../editor/dialog";
import { make, makeButton } from "../page/elements";
import { difference, differenceSchema } from "./difference";
import { authorsOf, momentOf, type Version } from "./versions";

interface Content {
  type: "doc";
  content: object[];
}

export interface PreviewActions {
  /** Absent for who may only look. */
  restore?(done: () => void): void;
  name?(done: () => void): void;
}

/** Throws Problem when the version cannot be read. */
export async function openPreview(
  editor: Editor,
  path: string,
  version: Version,
  actions: PreviewActions,
): Promise<void> {
  const content = await call<Content>("GET", `${path}${version.number}/?format=json`);
  const { element, body, close } = openDialog(version.name || "Version");
  element.classList.add("version-dialog");
  const authors = authorsOf(version);
  body.append(make("p", "card-meta", `${momentOf(version.created_at)}${authors ? ` · ${authors}` : ""}`));
  const schema = differenceSchema(editor.schema);
  const now = schema.nodeFromJSON(editor.getJSON());
  const then = schema.nodeFromJSON(content);
  const differing = difference(now, then);
  const [added, removed] = [countWords(differing, "inserted"), countWords(differing, "deleted")];
  const text = make("div", "version-text text");
  text.tabIndex = 0; // it scrolls
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "The text of this version");
  const draw = (node: Node) => {
    text.replaceChildren(DOMSerializer.fromSchema(schema).serializeFragment(node.content));
    for (const box of text.querySelectorAll("input")) {
      box.disabled = true;
      box.setAttribute("aria-label", box.checked ? "Done" : "Not done");
    }
    text.querySelector("ins, del")?.scrollIntoView({ block: "nearest" });
  };
  let marked = true;
  const show = () => {
    draw(marked ? differing : then);
    toggle.textContent = marked ? "Hide changes" : "Show changes";
  };
  const toggle = makeButton(
    "",
    () => {
      marked = !marked;
      show();
    },
    { kind: "quiet" },
  );
  show();
  const summary = make("p", "version-summary", summaryOf(added, removed, now.eq(then)));
  body.append(make("div", "version-line", summary, toggle), text);
  toggle.hidden = now.eq(then);
  const buttons = make("div", "dialog-actions");
  if (actions.name)
    buttons.append(makeButton(version.name ? "Rename…" : "Name…", () => actions.name?.(close)));
  if (actions.restore && !now.eq(then))
    buttons.append(makeButton("Restore this version", () => actions.restore?.(close), { kind: "primary" }));
  if (buttons.childElementCount > 0) body.append(buttons);
}

function summaryOf(added: number, removed: number, same: boolean): string {
  if (same) return "The text reads so now.";
  if (added + removed === 0) return "The words are the same; the formatting differs from the text now.";
  return `Against the text now: ${count(added)} more (underlined), ${count(removed)} less (struck out).`;
}

function count(words: number): string {
  return words === 1 ? "1 word" : `${words.toLocaleString()} words`;
}

function countWords(doc: Node, mark: string): number {
  let found = 0;
  doc.descendants((node) => {
    if (node.isText && node.marks.some(({ type }) => type.name === mark))
      found += node.text?.trim().split(/\s+/).filter(Boolean).length ?? 0;
  });
  return found;
}
