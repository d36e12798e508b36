/**
 * Stretches of the shared text that are looked after while everybody edits, and drawn as decorations.
 *
 * A stretch has a fingerprint, its own words: it is intact while they stand there, and only then drawn. What was changed
 * is kept in sight of, because undo may bring it back; what was moved (a paragraph was split) is found again by the
 * words around it.
 */
import { type Editor, Extension } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { Fragment, Node } from "@tiptap/pm/model";
import { type EditorState, Plugin, PluginKey, type Transaction } from "@tiptap/pm/state";
import { type Decoration, DecorationSet } from "@tiptap/pm/view";
import type * as Y from "yjs";
import { readSelection } from "../editor/fresh-selection";
import { blockText, createRelative, Resolver } from "./anchors";
import { isTouched, touchedBlocks } from "./touched-blocks";

/** Characters on either side by which a moved stretch is known again, and how many of them are enough. */
const CONTEXT_CHARACTERS = 16;
const CONTEXT_ENOUGH = 4;

export interface Tracked<T> {
  id: string;
  from: number;
  to: number;
  /** Its words stand there unchanged. */
  intact: boolean;
  data: T;
}

interface Item<T> extends Tracked<T> {
  text: string;
  /** Everything in it, marks and blocks too; null where only the words count. */
  content: Fragment | null;
  before: string;
  after: string;
}

interface State<T> {
  items: readonly Item<T>[];
  decorations: DecorationSet;
  /** Counts what `changed` tells of. */
  version: number;
}

interface Meta<T> {
  add?: readonly Item<T>[];
  remove?: ReadonlySet<string>;
  redraw?: boolean;
}

export interface TrackedRangesOptions<T> {
  name: string;
  draw(item: Tracked<T>, doc: Node): Decoration[];
  /** Whether a change of marks or blocks is one, too. A stretch may then go over several blocks. */
  exact?: boolean;
  /** Something came, went, or is intact no more or again. Called after the view is up to date. */
  changed(): void;
}

export class TrackedRanges<T> {
  readonly key: PluginKey<State<T>>;
  private editor: Editor | null = null;
  private readonly anchors = new Map<string, { start: Y.RelativePosition; end: Y.RelativePosition }>();
  /** Whose relative positions are to be made anew, because text around them was. */
  private readonly dirty = new Set<string>();

  constructor(private readonly options: TrackedRangesOptions<T>) {
    this.key = new PluginKey<State<T>>(options.name);
  }

  extension(): Extension {
    const ranges = this;
    return Extension.create({
      name: this.options.name,
      // Below Collaboration (1000), whose state has to be there first.
      priority: 900,
      onBeforeCreate() {
        ranges.editor = this.editor;
      },
      addProseMirrorPlugins: () => [ranges.plugin()],
    });
  }

  all(): readonly Tracked<T>[] {
    return this.state()?.items ?? [];
  }

  get(id: string): Tracked<T> | undefined {
    return this.all().find((item) => item.id === id);
  }

  /** The intact stretches that hold a position, innermost first. */
  at(pos: number): Tracked<T>[] {
    return this.all()
      .filter(({ intact, from, to }) => intact && from <= pos && pos <= to)
      .toSorted((one, other) => one.to - one.from - (other.to - other.from));
  }

  /** Look after stretches of the current document from now on. */
  add(stretches: readonly { id: string; from: number; to: number; data: T }[]): void {
    const { editor } = this;
    if (!editor || editor.isDestroyed || stretches.length === 0) return;
    const items = stretches.map((stretch) => this.item(editor.state, stretch));
    this.dispatch({ add: items, remove: new Set(items.map(({ id }) => id)) });
  }

  remove(ids: Iterable<string>): void {
    const remove = new Set(ids);
    if (this.all().some(({ id }) => remove.has(id))) this.dispatch({ remove });
  }

  /** Take stretches out with the same transaction that acts on them. */
  removeWith(tr: Transaction, ids: Iterable<string>): Transaction {
    return tr.setMeta(this.key, { remove: new Set(ids) } satisfies Meta<T>);
  }

  /** Draw everything again: what `draw` looks at has changed. */
  redraw(): void {
    this.dispatch({ redraw: true });
  }

  private state(): State<T> | undefined {
    return this.editor ? this.key.getState(this.editor.state) : undefined;
  }

  private dispatch(meta: Meta<T>): void {
    if (!this.editor || this.editor.isDestroyed) return;
    const { view } = this.editor;
    if (!view.composing) readSelection(view);
    view.dispatch(view.state.tr.setMeta(this.key, meta).setMeta("addToHistory", false));
  }

  private item(
    state: EditorState,
    { id, from, to, data }: { id: string; from: number; to: number; data: T },
  ): Item<T> {
    this.anchor(state, id, from, to);
    const content = this.options.exact ? state.doc.slice(from, to).content : null;
    return { id, from, to, data, intact: true, content, ...wordsAt(state.doc, from, to) };
  }

  private anchor(state: EditorState, id: string, from: number, to: number): void {
    const start = createRelative(state, from, 0);
    const end = createRelative(state, to, -1);
    if (start && end) this.anchors.set(id, { start, end });
  }

  private plugin(): Plugin<State<T>> {
    return new Plugin<State<T>>({
      key: this.key,
      state: {
        init: () => ({ items: [], decorations: DecorationSet.empty, version: 0 }),
        apply: (tr, value, _before, state) => this.apply(tr, value, state),
      },
      props: { decorations: (state) => this.key.getState(state)?.decorations },
      view: () => ({
        update: (view, before) => {
          this.anchorAgain(view.state);
          if (this.key.getState(view.state)?.version !== this.key.getState(before)?.version)
            queueMicrotask(() => this.options.changed());
        },
      }),
    });
  }

  private anchorAgain(state: EditorState): void {
    if (this.dirty.size === 0) return;
    const items = new Map(this.key.getState(state)?.items.map((item) => [item.id, item]));
    for (const id of this.dirty) {
      const item = items.get(id);
      if (item?.intact) this.anchor(state, id, item.from, item.to);
    }
    this.dirty.clear();
  }

  private apply(tr: Transaction, value: State<T>, state: EditorState): State<T> {
    const meta = tr.getMeta(this.key) as Meta<T> | undefined;
    let { items } = value;
    if (tr.docChanged && items.length > 0)
      items = isChangeOrigin(tr) ? this.resolved(items, state) : this.mapped(items, tr);
    if (meta?.remove) items = items.filter(({ id }) => !meta.remove?.has(id));
    if (meta?.add) items = [...items, ...meta.add];
    const alike = !meta && sameLooks(items, value.items);
    if (alike && items === value.items) return value;
    const version = alike ? value.version : value.version + 1;
    if (alike && !isChangeOrigin(tr))
      return { items, decorations: value.decorations.map(tr.mapping, tr.doc), version };
    const drawn = items.flatMap((item) => (item.intact ? this.options.draw(item, state.doc) : []));
    return { items, decorations: setOf(state.doc, drawn), version };
  }

  /** After a change through Yjs, which replaces the whole document: by relative positions. */
  private resolved(items: readonly Item<T>[], state: EditorState): Item<T>[] {
    const resolver = new Resolver(state);
    return items.map((item) => {
      const anchor = this.anchors.get(item.id);
      const from = anchor ? resolver.position(anchor.start) : "lost";
      const to = anchor ? resolver.position(anchor.end) : "lost";
      if (typeof from !== "number" || typeof to !== "number") return { ...item, intact: false };
      if (item.text === "" && !item.content?.size) return { ...item, from, to: from }; // a mere place
      if (isThere(state.doc, from, to, item)) return { ...item, from, to, intact: true };
      const moved = item.intact && !item.content ? findMoved(state.doc, from, item) : null;
      if (!moved) return { ...item, from, to: Math.max(from, to), intact: false };
      this.dirty.add(item.id);
      return { ...item, ...moved, intact: true };
    });
  }

  /** After an edit made here: by its mapping, since the Yjs document is still the old one. */
  private mapped(items: readonly Item<T>[], tr: Transaction): Item<T>[] {
    const touched = touchedBlocks(tr);
    return items.map((item) => {
      const from = tr.mapping.map(item.from, 1);
      const to = Math.max(from, tr.mapping.map(item.to, -1));
      if (!isTouched(touched, from, to)) return { ...item, from, to };
      this.dirty.add(item.id);
      if (item.text === "" && !item.content?.size) return { ...item, from, to: from };
      return { ...item, from, to, intact: isThere(tr.doc, from, to, item) };
    });
  }
}

function setOf(doc: Node, decorations: Decoration[]): DecorationSet {
  return decorations.length > 0 ? DecorationSet.create(doc, decorations) : DecorationSet.empty;
}

function sameLooks<T>(items: readonly Item<T>[], before: readonly Item<T>[]): boolean {
  return (
    items.length === before.length &&
    items.every((item, index) => item.id === before[index]?.id && item.intact === before[index]?.intact)
  );
}

function isThere<T>(doc: Node, from: number, to: number, { text, content }: Item<T>): boolean {
  if (content) return from < to && to <= doc.content.size && doc.slice(from, to).content.eq(content);
  if (to - from !== text.length || to > doc.content.size) return false;
  const $from = doc.resolve(from);
  if (!$from.parent.isTextblock || to > $from.end()) return false;
  return blockText($from.parent, $from.parentOffset, $from.parentOffset + text.length) === text;
}

function wordsAt(doc: Node, from: number, to: number): { text: string; before: string; after: string } {
  const $from = doc.resolve(from);
  const block = blockText($from.parent);
  const start = $from.parentOffset;
  const end = start + to - from;
  return {
    text: block.slice(start, end),
    before: block.slice(Math.max(0, start - CONTEXT_CHARACTERS), start),
    after: block.slice(end, end + CONTEXT_CHARACTERS),
  };
}

/** Look for a stretch in the block it was in and the ones beside it: a split or a join moves words there. */
function findMoved<T>(doc: Node, near: number, item: Item<T>): { from: number; to: number } | null {
  const found: number[] = [];
  const $near = doc.resolve(Math.min(near, doc.content.size));
  const start = $near.depth > 0 ? $near.before(1) : near;
  const low = Math.max(0, start - (doc.resolve(start).nodeBefore?.nodeSize ?? 0));
  const own = doc.nodeAt(start)?.nodeSize ?? 0;
  const high = Math.min(doc.content.size, start + own);
  const next = doc.nodeAt(high)?.nodeSize ?? 0;
  doc.nodesBetween(low, Math.min(doc.content.size, high + next), (node, pos) => {
    if (!node.isTextblock) return true;
    const block = blockText(node);
    for (let at = block.indexOf(item.text); at >= 0; at = block.indexOf(item.text, at + 1)) {
      if (hasContext(block, at, item)) found.push(pos + 1 + at);
    }
    return false;
  });
  const [from] = found;
  return found.length === 1 && from !== undefined ? { from, to: from + item.text.length } : null;
}

function hasContext<T>(block: string, at: number, { text, before, after }: Item<T>): boolean {
  const end = at + text.length;
  const left = before.length >= CONTEXT_ENOUGH && block.slice(0, at).endsWith(before);
  const right = after.length >= CONTEXT_ENOUGH && block.startsWith(after, end);
  return left || right;
}
