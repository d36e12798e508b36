/**
 * Grammar and spelling in two lanes: a checker in the browser for English, at once; and the assistant, which reads what
 * was changed after a pause. Both find by the text of a block; where they overlap the assistant's finding stands.
 */
import { type Editor, Extension } from "@tiptap/core";
import { isChangeOrigin } from "@tiptap/extension-collaboration";
import type { Transaction } from "@tiptap/pm/state";
import type { Assistant } from "../assistant/assistant";
import type { Failure } from "../assistant/generations";
import { replaceWords } from "../assistant/replacement";
import { dispatchAsOneStep } from "../assistant/undo-step";
import { failureSentence } from "../assistant/words";
import { announce, notify } from "../editor/announce";
import { LOCAL_CHECK_BLOCKS_AT_ONCE, LOCAL_CHECK_PAUSE_MS } from "../editor/limits";
import { CheckedTexts } from "./checked";
import { DeepCheck } from "./deep-check";
import { type Finding, type Kind, spokenFinding } from "./findings";
import { IgnoredPlaces } from "./ignored";
import { isEnglish, isEnglishBlock } from "./language";
import { isUpToIt, LocalCheck } from "./local-check";
import { type Changes, Preferences, type Whose } from "./preferences";
import { Redraws } from "./redraws";
import { isThere, proseBlocks, textOf, type Underline, underlinesOf, underlinesPlugin } from "./underlines";

const LOCAL_SWITCH = "interline.grammar.local";
const DEEP_SWITCH = "interline.grammar.deep";

export interface GrammarEvents {
  changed(): void;
  /** Explain a finding, with the focus in the explanation or not. */
  explain(underline: Underline, focus: boolean): void;
}

export class Grammar {
  readonly preferences: Preferences;
  readonly local = new LocalCheck();
  /** Why the assistant reads no more, until it does again. */
  failure: Failure | null = null;
  private isReadingAll = false;
  private readonly deep: DeepCheck;
  private editor: Editor | null = null;
  private readonly checked = new CheckedTexts((text) => this.current.has(text));
  private readonly pending = new Set<string>();
  private readonly own = new Set<string>();
  private readonly ignored: IgnoredPlaces;
  private current = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly redraws: Redraws;

  constructor(
    readonly assistant: Assistant,
    private readonly events: GrammarEvents,
  ) {
    this.ignored = new IgnoredPlaces(assistant.config.document.id);
    this.redraws = new Redraws(
      () => this.editor,
      (text) => this.findingsIn(text),
    );
    this.preferences = new Preferences(assistant.config.document.id, () => this.preferencesChanged());
    assistant.availability.onChange(() => this.events.changed());
    this.deep = new DeepCheck(
      assistant,
      {
        found: (text, finding) => {
          this.checked.addDeep(text, finding);
          this.redraws.one(text);
        },
        read: () => {},
        failed: (failure) => {
          this.failure = failure;
          this.events.changed();
        },
        withdrawn: (generation) => {
          for (const text of this.checked.withdraw(generation)) this.redraws.one(text);
        },
        idle: () => {
          this.redraws.now();
          requestAnimationFrame(() => this.sayRead()); // when the last of it is underlined
        },
      },
      (text) => this.current.has(text),
    );
  }

  extension(): Extension {
    const grammar = this;
    return Extension.create({
      name: "grammar",
      priority: 890, // its keys come after the suggestions'
      addKeyboardShortcuts() {
        return {
          "Alt-Enter": () => grammar.explainAt(this.editor.state.selection.head),
          "Alt-Shift-g": () => grammar.go(),
        };
      },
      addProseMirrorPlugins: () => [
        underlinesPlugin(
          (text) => grammar.findingsIn(text),
          () => grammar.events.changed(),
        ),
      ],
      onTransaction({ transaction }) {
        if (transaction.docChanged) grammar.textChanged(transaction);
      },
    });
  }

  /** Begin once the document is there and the page has nothing better to do. */
  attach(editor: Editor, ready: Promise<unknown>): void {
    this.editor = editor;
    ready.then(() =>
      whenIdle(() => {
        if (editor.isDestroyed) return;
        this.preferences.load();
        if (this.isLocalOn) this.local.start();
        this.scan();
      }),
    );
  }

  get isLocalOn(): boolean {
    const set = localStorage.getItem(LOCAL_SWITCH);
    return (set === null ? isUpToIt() : set === "on") && !this.local.isBroken;
  }

  get isDeepOn(): boolean {
    return localStorage.getItem(DEEP_SWITCH) !== "off";
  }

  switchLocal(on: boolean): void {
    localStorage.setItem(LOCAL_SWITCH, on ? "on" : "off");
    if (on) this.local.start();
    else {
      this.local.stop();
      this.checked.forgetLocal();
    }
    this.pending.clear();
    this.scan();
    this.redraws.all();
    this.events.changed();
  }

  switchDeep(on: boolean): void {
    localStorage.setItem(DEEP_SWITCH, on ? "on" : "off");
    if (!on) this.deep.clear();
    this.failure = null;
    this.events.changed();
  }

  /** Have the smaller model read on, until the usual tokens are there again. */
  takeOffer(): void {
    this.assistant.goOnSmaller("grammar");
    this.failure = null;
    this.deep.resume();
    this.events.changed();
  }

  list(): readonly Underline[] {
    return this.editor ? underlinesOf(this.editor.state) : [];
  }

  get(id: string): Underline | undefined {
    return this.list().find((one) => one.id === id);
  }

  /** Have the assistant read all of the text, not only what was changed. */
  readAll(): void {
    if (!this.editor) return;
    if (!this.assistant.isReachable) {
      notify(
        "The assistant cannot be reached. Your text is untouched. Try again when the connection is back.",
      );
      return;
    }
    this.scan();
    this.deep.add(proseBlocks(this.editor.state.doc).map(({ text }) => text));
    this.isReadingAll = true;
    announce("The assistant is reading the whole text.");
  }

  /** To who wanted the whole text read. */
  private sayRead(): void {
    if (!this.isReadingAll) return;
    this.isReadingAll = false;
    const count = this.list().length;
    const found = count === 0 ? "Nothing" : count === 1 ? "One place" : `${count} places`;
    if (this.failure) announce(failureSentence(this.failure, count > 0, "What was found stays underlined."));
    else
      announce(
        `The assistant has read the whole text. ${found} in it ${count > 1 ? "are" : "is"} underlined.`,
      );
  }

  /** Put the right words into the place of the wrong ones. */
  accept(underline: Underline, replacement: string): boolean {
    return this.write([{ underline, replacement }]);
  }

  /** Accept the first advice of every finding of a kind, in one undo step. Return how many. */
  acceptAll(kind: Kind): number {
    const corrections = this.list().flatMap((underline) => {
      const [replacement] = underline.finding.replacements;
      return underline.finding.kind === kind && replacement !== undefined ? [{ underline, replacement }] : [];
    });
    return this.write(corrections) ? corrections.length : 0;
  }

  /** Not this time: the same words in another place are found again. */
  ignoreOnce(underline: Underline): void {
    this.ignored.add(underline.block, underline.finding);
    this.reject(underline.finding);
    this.checked.chooseAnew();
    this.redraws.all();
    announce("Ignored.");
  }

  async ignoreRule(underline: Underline): Promise<void> {
    const { finding, block } = underline;
    const rule = finding.edit ? `grammar:${finding.edit.category}` : await this.local.ruleOf(block, finding);
    if (!rule) {
      this.ignoreOnce(underline);
      notify("The rule behind this has no name, so only this place is ignored.");
      return;
    }
    if (await this.change("mine", { add_ignored_rules: [rule] }))
      announce("The rule is ignored from now on. The grammar panel brings it back.");
  }

  async addWord(whose: Whose, word: string): Promise<void> {
    const home = whose === "mine" ? "your dictionary" : "the document’s dictionary";
    if (await this.change(whose, { add_words: [word] })) announce(`“${word}” is in ${home}.`);
  }

  /** Change a dictionary, the ignored rules or a house style; say so when that fails. */
  async change(whose: Whose, changes: Changes): Promise<boolean> {
    try {
      await this.preferences.change(whose, changes);
      return true;
    } catch (error) {
      notify(error instanceof Error ? error.message : "That could not be kept. Try again in a moment.");
      return false;
    }
  }

  // ------------------------------------------------------------ checking

  private textChanged(tr: Transaction): void {
    const typed = !isChangeOrigin(tr);
    if (typed) this.redraws.typed();
    if (typed && this.isDeepOn) this.rememberOwn(tr);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.scan(), LOCAL_CHECK_PAUSE_MS);
  }

  /** What this person wrote: where it still reads so after the pause, it is theirs to have read. */
  private rememberOwn(tr: Transaction): void {
    for (const [index, map] of tr.mapping.maps.entries()) {
      const later = tr.mapping.slice(index + 1);
      map.forEach((_oldStart, _oldEnd, start, end) => {
        const size = tr.doc.content.size;
        tr.doc.nodesBetween(
          Math.max(0, later.map(start, -1) - 1),
          Math.min(size, later.map(end, 1) + 1),
          (node) => {
            if (node.isTextblock && !node.type.spec.code) this.own.add(textOf(node));
            return !node.isTextblock;
          },
        );
      });
    }
  }

  /** Look for blocks that nobody has checked as they read now. */
  private scan(): void {
    const { editor } = this;
    if (!editor || editor.isDestroyed) return;
    const blocks = proseBlocks(editor.state.doc);
    this.current = new Set(blocks.map(({ text }) => text));
    if (this.isLocalOn) this.checkLocally(blocks);
    const own = [...this.own].filter((text) => this.current.has(text));
    this.own.clear();
    if (this.isDeepOn && own.length > 0 && editor.isEditable) this.deep.add(own);
  }

  private checkLocally(blocks: readonly { pos: number; text: string }[]): void {
    const language = this.preferences.language();
    const english = language ? /^en\b/i.test(language) : isEnglish(blocks.map(({ text }) => text).join("\n"));
    const caret = this.editor?.state.selection.head ?? 0;
    const missing = blocks
      .filter(({ text }) => !this.checked.isCheckedLocally(text) && !this.pending.has(text))
      .toSorted((one, other) => Math.abs(one.pos - caret) - Math.abs(other.pos - caret));
    const wanted: string[] = [];
    for (const { text } of missing) {
      if (text.trim() === "") continue;
      if (isEnglishBlock(text, english)) wanted.push(text);
      else this.checked.setLocal(text, []); // another language: the other lane's
    }
    for (const text of wanted) this.pending.add(text);
    this.checkNext([...new Set(wanted)]);
  }

  private async checkNext(texts: string[]): Promise<void> {
    while (texts.length > 0) {
      const some = texts.splice(0, LOCAL_CHECK_BLOCKS_AT_ONCE);
      await Promise.all(
        some.map(async (text) => {
          const found = this.current.has(text) ? await this.local.check(text) : null;
          this.pending.delete(text);
          if (!found) return;
          this.checked.setLocal(text, found);
          this.redraws.oneInPause(text);
        }),
      );
    }
  }

  private findingsIn(text: string): readonly Finding[] | null {
    return this.checked.shown(text, this.isLocalOn, (finding) => !this.isIgnored(text, finding));
  }

  private isIgnored(text: string, finding: Finding): boolean {
    if (this.ignored.has(text, finding)) return true;
    const rules = this.preferences.ignoredRules();
    const { edit } = finding;
    if (edit && (rules.includes(edit.category) || rules.includes(`grammar:${edit.category}`))) return true;
    return finding.kind === "spelling" && this.preferences.words().includes(finding.original);
  }

  private preferencesChanged(): void {
    this.local.configure({
      words: this.preferences.words(),
      ignoredRules: this.preferences.ignoredRules(),
      language: this.preferences.language(),
    });
    this.checked.forgetLocal();
    this.pending.clear();
    this.scan();
    this.redraws.all();
    this.events.changed();
  }

  // ------------------------------------------------------------ deciding

  private write(corrections: readonly { underline: Underline; replacement: string }[]): boolean {
    const { editor } = this;
    if (!editor?.isEditable || corrections.length === 0) return false;
    const { tr } = editor.state;
    const done = corrections.filter(({ underline }) => isThere(editor.state.doc, underline));
    if (done.length === 0) {
      notify("The text changed meanwhile, so nothing was corrected.");
      return false;
    }
    const inOrder = done.toSorted((one, other) => other.underline.from - one.underline.from);
    for (const { underline, replacement } of inOrder) {
      const { from, to, finding } = underline;
      replaceWords(tr, { from, to, words: replacement, id: finding.edit?.generation ?? null });
    }
    dispatchAsOneStep(editor.view, tr);
    for (const { underline, replacement } of done) this.tellAccepted(underline.finding, replacement);
    announce(done.length === 1 ? "Corrected." : `${done.length} places corrected.`);
    this.events.changed();
    return true;
  }

  private tellAccepted({ edit, replacements }: Finding, replacement: string): void {
    if (!edit) return;
    const decision = replacements[0] === replacement ? "accepted" : "edited";
    this.assistant.decide({ id: edit.generation, edit_id: edit.id, decision });
  }

  private reject({ edit }: Finding): void {
    if (edit) this.assistant.decide({ id: edit.generation, edit_id: edit.id, decision: "rejected" });
  }

  // ------------------------------------------------------------ explaining

  private explainAt(pos: number): boolean {
    const underline = this.list().find(({ from, to }) => from <= pos && pos <= to);
    if (underline) this.events.explain(underline, true);
    return Boolean(underline);
  }

  /** Put the caret at the next finding after it, around the end. */
  private go(): boolean {
    const { editor } = this;
    const head = editor?.state.selection.head ?? 0;
    const next = this.list().find(({ from }) => from > head) ?? this.list()[0];
    if (!editor || !next) {
      announce("Nothing is underlined.");
      return true;
    }
    editor.chain().setTextSelection(next.from).scrollIntoView().run();
    announce(`${spokenFinding(next.finding)} Alt + Enter to decide.`);
    return true;
  }
}

function whenIdle(run: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: 5000 });
  else setTimeout(run, 1000);
}
