/** Who else is here: avatars in their caret colour; a click goes to where they write. */
import type { Editor } from "@tiptap/core";
import { relativePositionToAbsolutePosition, ySyncPluginKey } from "@tiptap/y-tiptap";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import type { Person } from "../editor/config";
import { safeColor } from "./carets";

const SHOWN = 4;

export interface Present {
  /** The account's id; a foreign client without one counts by itself. */
  id: string;
  name: string;
  color: string;
  clients: number[];
  self: boolean;
}

/** Return everybody in the document, oneself first, one entry per account. */
export function peoplePresent(states: Map<number, Record<string, unknown>>, ownClient: number): Present[] {
  const people = new Map<string, Present>();
  for (const [client, state] of states) {
    const user = state.user as Partial<Person> | undefined;
    if (!user) continue;
    const id = typeof user.id === "string" && user.id ? user.id : `client-${client}`;
    const name = typeof user.name === "string" && user.name ? user.name : "Someone";
    const known = people.get(id);
    if (known) {
      known.clients.push(client);
      known.self ||= client === ownClient;
    } else {
      people.set(id, {
        id,
        name,
        color: safeColor(user.color),
        clients: [client],
        self: client === ownClient,
      });
    }
  }
  return [...people.values()].sort((a, b) => Number(b.self) - Number(a.self) || a.name.localeCompare(b.name));
}

export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return (
    picked
      .map((word) => (word ? String.fromCodePoint(word.codePointAt(0) ?? 63) : ""))
      .join("")
      .toUpperCase() || "?"
  );
}

export interface PresenceView {
  list: HTMLElement;
  /** Told the number of people whenever it changes. */
  counted(people: number): void;
}

export function showPresence(editor: Editor, awareness: Awareness, view: PresenceView): void {
  let shown = "";
  const draw = () => {
    const people = peoplePresent(
      awareness.getStates() as Map<number, Record<string, unknown>>,
      awareness.clientID,
    );
    const key = JSON.stringify(people);
    if (key === shown) return;
    shown = key;
    view.counted(people.length);
    const others = people.filter((person) => !person.self);
    const visible = others.length > SHOWN ? others.slice(0, SHOWN - 1) : others;
    view.list.replaceChildren(...visible.map((person) => avatar(editor, awareness, person)));
    if (others.length > visible.length) view.list.append(overflow(others.slice(visible.length)));
  };
  awareness.on("change", draw);
  editor.on("destroy", () => awareness.off("change", draw));
  draw();
}

function avatar(editor: Editor, awareness: Awareness, person: Present): HTMLElement {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "avatar";
  button.textContent = initials(person.name);
  button.style.setProperty("--person", person.color);
  button.title = `${person.name} – go to where they write`;
  button.setAttribute("aria-label", `${person.name}: go to where they write`);
  button.addEventListener("click", () => follow(editor, awareness, person));
  item.append(button);
  return item;
}

function overflow(people: Present[]): HTMLElement {
  const item = document.createElement("li");
  const more = document.createElement("span");
  more.className = "avatar more";
  more.textContent = `+${people.length}`;
  const names = people.map((person) => person.name).join(", ");
  more.title = names;
  more.setAttribute("role", "img");
  more.setAttribute("aria-label", `and ${names}`);
  item.append(more);
  return item;
}

function follow(editor: Editor, awareness: Awareness, person: Present): void {
  const states = awareness.getStates();
  for (const client of person.clients) {
    const position = cursorPosition(
      editor,
      states.get(client) as { cursor?: { head?: unknown } } | undefined,
    );
    if (position === null) continue;
    const { node } = editor.view.domAtPos(position);
    const target = node instanceof HTMLElement ? node : node.parentElement;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    target?.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    return;
  }
}

/** Where a client's caret is, or null when it has none. */
export function cursorPosition(
  editor: Editor,
  state: { cursor?: { head?: unknown } | null } | undefined,
): number | null {
  const sync = ySyncPluginKey.getState(editor.state);
  if (!state?.cursor?.head || !sync?.binding) return null;
  const head = Y.createRelativePositionFromJSON(state.cursor.head);
  return relativePositionToAbsolutePosition(sync.doc, sync.type, head, sync.binding.mapping) as number | null;
}
