/** Other people's carets and selections, with names that fade when they rest. */
import { Extension } from "@tiptap/core";
import { yCursorPlugin } from "@tiptap/y-tiptap";
import type { Awareness } from "y-protocols/awareness";
import { CARET_NAME_MS } from "../editor/limits";

interface CaretUser {
  name: string;
  color: string;
}

/** As every caret colour of the accounts; anything else may come from a foreign client. */
const COLOR = /^#[0-9a-f]{6}$/i;
const NO_COLOR = "#5f5a52";

export const Carets = Extension.create<{ awareness: Awareness | null }>({
  name: "carets",
  priority: 999,

  addOptions() {
    return { awareness: null };
  },

  addStorage() {
    return { stop: () => {} };
  },

  onCreate() {
    const { awareness } = this.options;
    if (!awareness) return;
    const timers = new Map<number, ReturnType<typeof setTimeout>>();
    const onChange = ({ added, updated }: { added: number[]; updated: number[] }) => {
      for (const client of [...added, ...updated]) {
        if (client === awareness.clientID) continue; // with every key; it is not drawn here
        clearTimeout(timers.get(client));
        setResting(this.editor.view.dom, client, false);
        timers.set(
          client,
          setTimeout(() => setResting(this.editor.view.dom, client, true), CARET_NAME_MS),
        );
      }
    };
    awareness.on("change", onChange);
    this.storage.stop = () => {
      awareness.off("change", onChange);
      for (const timer of timers.values()) clearTimeout(timer);
    };
  },

  onDestroy() {
    this.storage.stop();
  },

  addProseMirrorPlugins() {
    const { awareness } = this.options;
    if (!awareness) return [];
    return [
      yCursorPlugin(awareness, {
        cursorBuilder: (user: CaretUser, client: number) => caret(user, client),
        selectionBuilder: (user: CaretUser) => ({
          class: "remote-selection",
          style: `--person: ${safeColor(user.color)}`,
        }),
      }),
    ];
  },
});

function caret(user: CaretUser, client: number): HTMLElement {
  const element = document.createElement("span");
  element.className = "remote-caret";
  element.dataset.client = String(client);
  element.style.setProperty("--person", safeColor(user.color));
  element.setAttribute("aria-hidden", "true");
  // Drawn by the style sheet: as text it would be read, found and copied with the document's.
  element.dataset.name = user.name;
  element.append("\u2060"); // word joiner: the caret may not break a word in two lines
  return element;
}

function setResting(root: HTMLElement, client: number, resting: boolean): void {
  root.querySelector(`.remote-caret[data-client="${client}"]`)?.classList.toggle("resting", resting);
}

export function safeColor(color: unknown): string {
  return typeof color === "string" && COLOR.test(color) ? color : NO_COLOR;
}
