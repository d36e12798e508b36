/**
 * Lane one's worker: the Harper checker as WebAssembly, on texts of one block. Nothing leaves the browser.
 *
 * Its own response allows WebAssembly to be compiled (`project/static_files.py`); the page's policy does not.
 */
import { Dialect, type Lint, LocalLinter, SuggestionKind } from "harper.js";
import { slimBinary } from "harper.js/slimBinary";
import type { FromWorker, Lints, ToWorker } from "./worker-messages";

const linter = new LocalLinter({ binary: slimBinary, dialect: Dialect.American });
let last: Promise<unknown> = linter.setup();

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  last = last.then(
    () => act(data),
    () => post({ type: "broken" }),
  );
});
last.then(
  () => post({ type: "ready" }),
  () => post({ type: "broken" }),
);

async function act(message: ToWorker): Promise<void> {
  if (message.type === "settings") {
    await linter.clearWords();
    await linter.importWords(message.words);
    await linter.setDialect(message.british ? Dialect.British : Dialect.American);
    const config = await linter.getDefaultLintConfig();
    for (const rule of message.ignoredRules) config[rule] = false;
    await linter.setLintConfig(config);
  } else if (message.type === "check") {
    const lints = await linter.lint(message.text, { language: "plaintext" });
    post({ type: "checked", id: message.id, lints: lints.flatMap((lint) => plain(lint, message.text)) });
  } else {
    post({ type: "rule", id: message.id, rule: await ruleAt(message) });
  }
}

/** Which rule finds something at this place: the slow question, asked only when one is to be ignored. */
async function ruleAt({ text, start, end }: { text: string; start: number; end: number }): Promise<string> {
  const byRule = await linter.organizedLints(text, { language: "plaintext" });
  for (const [rule, lints] of Object.entries(byRule)) {
    const found = lints.flatMap((lint) => plain(lint, text));
    if (found.some((lint) => lint.start === start && lint.end === end)) return rule;
  }
  return "";
}

/** A lint as a plain object, its words compared with the text; the original is freed. */
function plain(lint: Lint, text: string): Lints[number][] {
  const span = lint.span();
  const { start, end } = span; // UTF-16 code units
  const original = lint.get_problem_text();
  const replacements = lint.suggestions().map((suggestion) => {
    const words = suggestion.get_replacement_text();
    if (suggestion.kind() === SuggestionKind.Remove) return "";
    return suggestion.kind() === SuggestionKind.InsertAfter ? original + words : words;
  });
  const found = { start, end, kind: lint.lint_kind(), message: lint.message(), replacements };
  span.free();
  lint.free();
  const isThere = original !== "" && text.slice(start, end) === original;
  return isThere ? [{ ...found, replacements: [...new Set(replacements)] }] : [];
}

function post(message: FromWorker): void {
  postMessage(message);
}
