/** The Tiptap editor over a shared document. */
import { Editor, type Extensions } from "@tiptap/core";
import { Collaboration } from "@tiptap/extension-collaboration";
import { Placeholder } from "@tiptap/extensions";
import type * as Y from "yjs";
import { BlockTexts } from "../collaboration/block-texts";
import { RememberedSelection } from "../collaboration/remembered-selection";
import { schemaExtensions } from "./schema";

const EMPTY_WORDS = "Write, or press / for more. Ctrl+Enter continues.";

export interface EditorOptions {
  element: HTMLElement;
  document: Y.Doc;
  extensions?: Extensions;
  editable?: boolean;
  /** Id of the element that describes the keys. */
  describedBy?: string;
}

export function createEditor({
  element,
  document,
  extensions = [],
  editable = true,
  describedBy,
}: EditorOptions): Editor {
  return new Editor({
    element,
    editable,
    injectCSS: false, // the content security policy allows no inline style sheet
    extensions: [
      ...schemaExtensions(),
      Collaboration.configure({ document }),
      RememberedSelection,
      BlockTexts,
      Placeholder.configure({
        placeholder: ({ editor }) => (editor.isEmpty ? emptyWords() : ""),
        showOnlyCurrent: true,
      }),
      ...extensions,
    ],
    editorProps: {
      attributes: {
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": "Text",
        class: "text",
        spellcheck: "true",
        ...(describedBy ? { "aria-describedby": describedBy } : {}),
      },
    },
  });
}

/** The empty page's one sentence, with the key as this keyboard names it. */
export function emptyWords(): string {
  return isApple() ? EMPTY_WORDS.replace("Ctrl+Enter", "⌘ Enter") : EMPTY_WORDS;
}

export function isApple(): boolean {
  return /Mac|iP(hone|ad|od)/.test(navigator.platform);
}
