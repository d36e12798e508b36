/**
 * Where the passages are that comments are about, while everybody edits; drawn as decorations, outside of the document.
 *
 * A passage is what lies between two relative positions, whatever is written in it since. Splitting or joining
 * paragraphs makes their text anew in Yjs, and both positions fall together: the browser in which that was done knows
 * where the passage went, and says so (`moved`); others find it by its last words until they hear of it.
 */
import { type Editor, Extension } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { Node } from "@tiptap/pm/model";
import { type EditorState, Plugin, PluginKey, type Transaction } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import {
  blockText,
  createRelative,
  decodeRelative,
  encodeRelative,
  fingerprint,
  Resolver,
} from "../collaboration/anchors";
import { readSelection } from "../editor/fresh-selection";
import type { WireAnchor } from "./comment";

const CONTEXT_CHARACTERS = 8;
export const QUOTE_MAX_CHARACTERS = 500;

/** A thread whose passage is looked after. `drawn`: whether it shows in the text. */
export interface Wanted {
  id: string;
  anchor: WireAnchor;
  quote: string;
  drawn: boolean;
}

interface Place extends Wanted {
  /** The anchor that the server has. */
  told: WireAnchor;
  /** Null while the text it was about is not there. */
  range: { from: number; to: number } | null;
  /** What stood in it last. */
  text: string;
}

interface State {
  places: readonly Place[];
  active: string | null;
  decorations: DecorationSet;
  /** Whether the text was changed last by an edit in this browser. */
  editedHere: boolean;
}

interface Meta {
  places?: readonly Place[];
  active?: string | null;
}

export interface PlacesEvents {
  /** A passage came, went or moved past another. After the view is up to date. */
  changed(): void;
  /** An edit in this browser made a passage's text anew: its thread is to have this anchor. */
  moved(id: string, anchor: WireAnchor): void;
}

/** The anchor and the words of a stretch of the text; null where there is none. */
export function passageAt(
  state: EditorState,
  from: number,
  to: number,
): { anchor: WireAnchor; quote: string } | null {
  const anchor = anchorAt(state, from, to);
  const quote = words(state.doc, from, to).slice(0, QUOTE_MAX_CHARACTERS);
  return anchor && quote.trim() ? { anchor, quote } : null;
}

function anchorAt(state: EditorState, from: number, to: number): WireAnchor | null {
  const start = createRelative(state, from, 0);
  const end = createRelative(state, to, -1);
  if (!start || !end) return null;
  return {
    start: encodeRelative(start),
    end: encodeRelative(end),
    before: fingerprint(state.doc, from),
    after: following(state.doc, to),
  };
}

function following(doc: Node, pos: number): string {
  const end = doc.resolve(pos).end();
  return doc.textBetween(pos, Math.min(end, pos + CONTEXT_CHARACTERS), null, "\ufffc");
}

function words(doc: Node, from: number, to: number): string {
  return doc.textBetween(from, to, "\n", (leaf) => (leaf.type.name === "hardBreak" ? "\n" : "\ufffc"));
}

export class Places {
  readonly key = new PluginKey<State>("comments");
  private editor: Editor | null = null;

  constructor(private readonly events: PlacesEvents) {}

  extension(): Extension {
    const places = this;
    return Extension.create({
      name: "comments",
      // Below Collaboration (1000), whose state has to be there first.
      priority: 890,
      onBeforeCreate() {
        places.editor = this.editor;
      },
      addProseMirrorPlugins: () => [places.plugin()],
    });
  }

  /** Look after these passages from now on, and no others. */
  set(wanted: readonly Wanted[]): void {
    const { editor } = this;
    if (!editor || editor.isDestroyed) return;
    const known = new Map(this.state()?.places.map((place) => [place.id, place]));
    if (wanted.length === 0 && known.size === 0) return;
    const { state } = editor;
    const resolver = wanted.length > 0 ? new Resolver(state) : null;
    this.dispatch({
      places: wanted.map((one) => {
        const before = known.get(one.id);
        if (before && (same(before.told, one.anchor) || same(before.anchor, one.anchor)))
          return { ...before, ...one, anchor: before.anchor, told: one.anchor };
        const fresh: Place = { ...one, told: one.anchor, range: null, text: one.quote };
        return resolver ? placed(fresh, resolver, state.doc) : fresh;
      }),
    });
  }

  /** Draw one of them as the one that is talked about. */
  activate(id: string | null): void {
    if (this.state()?.active !== id) this.dispatch({ active: id });
  }

  /** Where a passage is; null where its text is gone. */
  range(id: string): { from: number; to: number } | null {
    return this.state()?.places.find((place) => place.id === id)?.range ?? null;
  }

  /** Every passage that is in the text, by where it begins. */
  order(): Map<string, number> {
    return new Map(
      this.state()?.places.flatMap(({ id, range }) => (range ? [[id, range.from] as const] : [])),
    );
  }

  /** The drawn passages that hold a position, the shortest first. */
  at(pos: number): string[] {
    const found = this.state()?.places.flatMap(({ id, range, drawn }) =>
      drawn && range && range.from <= pos && pos <= range.to ? [{ id, size: range.to - range.from }] : [],
    );
    return (found ?? []).toSorted((one, other) => one.size - other.size).map(({ id }) => id);
  }

  private state(): State | undefined {
    return this.editor ? this.key.getState(this.editor.state) : undefined;
  }

  private dispatch(meta: Meta): void {
    if (!this.editor || this.editor.isDestroyed) return;
    const { view } = this.editor;
    if (!view.composing) readSelection(view);
    view.dispatch(view.state.tr.setMeta(this.key, meta).setMeta("addToHistory", false));
  }

  private plugin(): Plugin<State> {
    return new Plugin<State>({
      key: this.key,
      state: {
        init: () => ({ places: [], active: null, decorations: DecorationSet.empty, editedHere: false }),
        apply: (tr, value, _before, state) => this.apply(tr, value, state),
      },
      props: { decorations: (state) => this.key.getState(state)?.decorations },
      view: () => ({
        update: (view, before) => {
          if (view.state.doc !== before.doc) this.lookAgain(view.state);
          const [now, then] = [this.key.getState(view.state), this.key.getState(before)];
          if (looks(now) !== looks(then)) queueMicrotask(() => this.events.changed());
        },
      }),
    });
  }

  private apply(tr: Transaction, value: State, state: EditorState): State {
    const meta = tr.getMeta(this.key) as Meta | undefined;
    let { places, active } = value;
    if (tr.docChanged && places.length > 0) places = this.followed(places, tr, state);
    if (meta?.places) places = meta.places;
    if (meta && "active" in meta) active = meta.active ?? null;
    if (places === value.places && active === value.active) return value;
    const editedHere = tr.docChanged ? !isChangeOrigin(tr) : value.editedHere;
    return {
      places,
      active,
      decorations: DecorationSet.create(state.doc, drawn(places, active)),
      editedHere,
    };
  }

  private followed(places: readonly Place[], tr: Transaction, state: EditorState): readonly Place[] {
    if (isChangeOrigin(tr)) {
      const resolver = new Resolver(state);
      return places.map((place) => placed(place, resolver, state.doc));
    }
    // By its mapping: the Yjs document is still the old one.
    return places.map((place) => {
      if (!place.range) return place;
      const from = tr.mapping.map(place.range.from, 1);
      const to = tr.mapping.map(place.range.to, -1);
      if (from >= to) return { ...place, range: null };
      return { ...place, range: { from, to }, text: words(tr.doc, from, to) };
    });
  }

  /**
   * After an edit the Yjs document is up to date: what it made anew gets another anchor, and what is gone may be back
   * (undo brings back what the old positions stood at).
   */
  private lookAgain(state: EditorState): void {
    const { places, editedHere } = this.key.getState(state) ?? { places: [], editedHere: false };
    if (places.length === 0) return;
    const resolver = new Resolver(state);
    const changed = new Map<string, Place>();
    for (const place of places) {
      const range = resolved(place.anchor, resolver);
      if (!place.range && range)
        changed.set(place.id, { ...place, range, text: words(state.doc, range.from, range.to) });
      else if (place.range && !sameRange(place.range, range)) {
        const anchor = anchorAt(state, place.range.from, place.range.to);
        if (anchor) changed.set(place.id, { ...place, anchor });
      }
    }
    if (changed.size === 0) return;
    const { doc } = state;
    queueMicrotask(() => this.amend(doc, changed, editedHere));
  }

  private amend(doc: Node, changed: ReadonlyMap<string, Place>, tells: boolean): void {
    const now = this.state();
    if (!this.editor || !now || this.editor.state.doc !== doc) return; // the next look sees it too
    this.dispatch({ places: now.places.map((place) => changed.get(place.id) ?? place) });
    if (!tells) return;
    for (const { id, anchor } of changed.values()) {
      const before = now.places.find((place) => place.id === id);
      if (before && !same(before.anchor, anchor)) this.events.moved(id, anchor);
    }
  }
}

function placed(place: Place, resolver: Resolver, doc: Node): Place {
  const range = resolved(place.anchor, resolver) ?? findWords(doc, place);
  return range ? { ...place, range, text: words(doc, range.from, range.to) } : { ...place, range: null };
}

function resolved(anchor: WireAnchor, resolver: Resolver): { from: number; to: number } | null {
  const [from, to] = [anchor.start, anchor.end].map((wire) => {
    try {
      return resolver.position(decodeRelative(wire));
    } catch {
      return "lost"; // made by some other program
    }
  });
  return typeof from === "number" && typeof to === "number" && from < to ? { from, to } : null;
}

/** Look for a passage by its last words: there once, or once with the same words beside it. */
function findWords(doc: Node, { text, anchor }: Place): { from: number; to: number } | null {
  if (text.trim() === "") return null;
  const found: { from: number; beside: boolean }[] = [];
  doc.descendants((node, pos) => {
    if (!node.isTextblock) return true;
    const block = blockText(node);
    for (let at = block.indexOf(text); at >= 0; at = block.indexOf(text, at + 1)) {
      const end = at + text.length;
      const before = anchor.before.length > 0 && block.slice(0, at).endsWith(anchor.before);
      const after = anchor.after.length > 0 && block.startsWith(anchor.after, end);
      found.push({ from: pos + 1 + at, beside: before || after });
    }
    return false;
  });
  const beside = found.filter((one) => one.beside);
  const [only] = beside.length > 0 ? beside : found;
  if (!only || (beside.length !== 1 && found.length !== 1)) return null;
  return { from: only.from, to: only.from + text.length };
}

function drawn(places: readonly Place[], active: string | null): Decoration[] {
  return places.flatMap(({ id, range, drawn: isDrawn }) => {
    if (!range || !(isDrawn || id === active)) return [];
    const look = id === active ? "comment-passage comment-active" : "comment-passage";
    return [Decoration.inline(range.from, range.to, { class: look, "data-comment": id })];
  });
}

/** What listeners are told the change of: which passages are there, and their order. */
function looks(state: State | undefined): string {
  const there = state?.places.flatMap(({ id, range }) => (range ? [{ id, from: range.from }] : [])) ?? [];
  return there
    .toSorted((one, other) => one.from - other.from)
    .map(({ id }) => id)
    .join();
}

function same(one: WireAnchor, other: WireAnchor): boolean {
  return one.start === other.start && one.end === other.end;
}

function sameRange(one: { from: number; to: number }, other: { from: number; to: number } | null): boolean {
  return one.from === other?.from && one.to === other.to;
}
