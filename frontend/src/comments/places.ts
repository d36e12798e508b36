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
import { Mapping, StepMap } from "@tiptap/pm/transform";
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
import { type Change, changeOf } from "./changed";
import type { WireAnchor } from "./comment";

/** How long nothing has to be written before all passages are looked at, not only those beside an edit. */
const REST_MS = 1_000;
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
  /** Which passages are there, in their order: what listeners are told the change of. */
  order: string;
  /** Whether the text was changed last by an edit in this browser. */
  editedHere: boolean;
}

interface Meta {
  places?: readonly Place[];
  /** Of these places alone something changed; left out where it may be of any. */
  amended?: ReadonlySet<string>;
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
  private resting: ReturnType<typeof setTimeout> | undefined;

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
        init: () => ({
          places: [],
          active: null,
          decorations: DecorationSet.empty,
          order: "",
          editedHere: false,
        }),
        apply: (tr, value, _before, state) => this.apply(tr, value, state),
      },
      props: { decorations: (state) => this.key.getState(state)?.decorations },
      view: () => ({
        update: (view, before) => {
          const change = changeOf(before.doc, view.state.doc);
          if (change) this.lookAgain(view.state, change);
          const [now, then] = [this.key.getState(view.state), this.key.getState(before)];
          if (now?.order !== then?.order) queueMicrotask(() => this.events.changed());
        },
        destroy: () => clearTimeout(this.resting),
      }),
    });
  }

  private apply(tr: Transaction, value: State, state: EditorState): State {
    const meta = tr.getMeta(this.key) as Meta | undefined;
    const change = tr.docChanged && value.places.length > 0 ? changeOf(tr.before, tr.doc) : null;
    let next = tr.docChanged ? { ...value, editedHere: !isChangeOrigin(tr) } : value;
    if (change) next = this.followed(next, change, tr, state);
    if (meta?.places) next = withPlaces(next, meta.places, meta.amended, state.doc);
    if (meta && "active" in meta) next = withActive(next, meta.active ?? null, state.doc);
    return next;
  }

  /** What lies outside of the changed blocks only moves. */
  private followed(value: State, change: Change, tr: Transaction, state: EditorState): State {
    const follow = isChangeOrigin(tr) ? this.byAnchor(state) : byMapping(tr);
    const shift = change.to - change.was;
    const met = new Map<string, Place>();
    let anew: string | null = null;
    const places = value.places.map((place) => {
      const { id, range } = place;
      if (range && range.to <= change.from) return place;
      if (range && range.from >= change.was)
        return shift === 0 ? place : { ...place, range: { from: range.from + shift, to: range.to + shift } };
      anew ??= words(state.doc, change.from, change.to);
      if (!range && !anew.includes(place.text)) return place;
      const after = follow(place);
      if (after !== place) met.set(id, after);
      return after;
    });
    const moves = new Mapping([
      new StepMap([change.from, change.was - change.from, change.to - change.from]),
    ]);
    const kept = value.decorations.map(moves, tr.doc);
    return {
      ...value,
      places,
      decorations: redrawn(kept, met, value.active, tr.doc),
      order: staysInOrder(value.places, met, change) ? value.order : orderOf(places),
    };
  }

  private byAnchor(state: EditorState): (place: Place) => Place {
    let resolver: Resolver | null = null;
    return (place) => {
      resolver ??= new Resolver(state);
      return placed(place, resolver, state.doc);
    };
  }

  /**
   * After an edit the Yjs document is up to date: what it made anew gets another anchor, and what is gone may be back
   * (undo brings back what the old positions stood at). What lies elsewhere is looked at when nobody writes.
   */
  private lookAgain(state: EditorState, change: Change): void {
    const { places } = this.key.getState(state) ?? { places: [] };
    if (places.length === 0) return;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.lookAtAll(), REST_MS);
    let anew: string | null = null;
    const near = places.filter(({ range, text }) => {
      if (range) return range.to > change.from && range.from < change.to;
      anew ??= words(state.doc, change.from, change.to);
      return anew.includes(text);
    });
    this.look(near, state);
  }

  private lookAtAll(): void {
    const places = this.state()?.places ?? [];
    if (this.editor && !this.editor.isDestroyed) this.look(places, this.editor.state);
  }

  private look(places: readonly Place[], state: EditorState): void {
    if (places.length === 0) return;
    const editedHere = this.key.getState(state)?.editedHere ?? false;
    const resolver = new Resolver(state);
    const changed = new Map<string, Place>();
    for (const place of places) {
      const range = resolved(place.anchor, resolver);
      if (range && (!place.range || (!editedHere && !sameRange(range, place.range))))
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
    const places = now.places.map((place) => changed.get(place.id) ?? place);
    this.dispatch({ places, amended: new Set(changed.keys()) });
    if (!tells) return;
    for (const { id, anchor } of changed.values()) {
      const before = now.places.find((place) => place.id === id);
      if (before && !same(before.anchor, anchor)) this.events.moved(id, anchor);
    }
  }
}

/** By the mapping of an edit in this browser: the Yjs document is still the old one. */
function byMapping(tr: Transaction): (place: Place) => Place {
  return (place) => {
    if (!place.range) return place;
    const from = tr.mapping.map(place.range.from, 1);
    const to = tr.mapping.map(place.range.to, -1);
    if (from >= to) return { ...place, range: null };
    return { ...place, range: { from, to }, text: words(tr.doc, from, to) };
  };
}

function withPlaces(
  value: State,
  places: readonly Place[],
  amended: ReadonlySet<string> | undefined,
  doc: Node,
): State {
  const met =
    amended && new Map(places.flatMap((place) => (amended.has(place.id) ? [[place.id, place]] : [])));
  const decorations = met
    ? redrawn(value.decorations, met, value.active, doc)
    : DecorationSet.create(doc, drawn(places, value.active));
  return { ...value, places, decorations, order: orderOf(places) };
}

function withActive(value: State, active: string | null, doc: Node): State {
  if (active === value.active) return value;
  const met = new Map(
    value.places.flatMap((place) =>
      place.id === active || place.id === value.active ? [[place.id, place]] : [],
    ),
  );
  return { ...value, active, decorations: redrawn(value.decorations, met, active, doc) };
}

/** The decorations with those of a few places drawn again. */
function redrawn(
  decorations: DecorationSet,
  met: ReadonlyMap<string, Place>,
  active: string | null,
  doc: Node,
): DecorationSet {
  if (met.size === 0) return decorations;
  const old = decorations.find(undefined, undefined, (spec) => met.has(spec.comment));
  return decorations.remove(old).add(doc, drawn([...met.values()], active));
}

/** Whether places that an edit met are still there, and as they followed each other, within the changed blocks. */
function staysInOrder(before: readonly Place[], met: ReadonlyMap<string, Place>, change: Change): boolean {
  if (met.size === 0) return true;
  const after = [...met.values()];
  const isInside = ({ range }: Place) => !range || (range.from >= change.from && range.to <= change.to);
  return after.every(isInside) && orderOf(before.filter(({ id }) => met.has(id))) === orderOf(after);
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
    return [Decoration.inline(range.from, range.to, { class: look, "data-comment": id }, { comment: id })];
  });
}

function orderOf(places: readonly Place[]): string {
  return places
    .flatMap(({ id, range }) => (range ? [{ id, from: range.from }] : []))
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
