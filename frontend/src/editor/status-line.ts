/** The status word, the warning before leaving, and what to do when the connection has ended for good. */
import type * as Y from "yjs";
import type { Connection } from "../collaboration/connection";
import { documentFile } from "../collaboration/copy-file"; // not on demand: the server may be gone by then
import { findLeftBehind } from "../collaboration/left-behind";
import { endedSentence, hasUnsaved, SAVING, statusWord, type Word } from "../collaboration/status";
import { CLOSE } from "../sockets/close-codes";
import { announce } from "./announce";
import { type EditorConfig, element } from "./config";
import { SAVED_AFTER_MS } from "./limits";

export function showStatus(connection: Connection, config: EditorConfig): void {
  const word = element("status");
  let ended: number | null = null;
  let soon: ReturnType<typeof setTimeout> | undefined;
  const draw = ({ text, tone, detail }: Word) => {
    if (word.textContent === text) return;
    // Not every "Saving…" is spoken: only that the connection went, and that it is back.
    if (tone === "warn" || tone === "stop" || word.dataset.tone === "warn") announce(`${text}. ${detail}`);
    word.textContent = text;
    word.dataset.tone = tone;
    word.title = detail;
  };
  connection.onState((state) => {
    const now = statusWord(state);
    clearTimeout(soon);
    // Between two keys it would flicker, and each time the page would be drawn once more.
    if (now.tone === "calm" && word.textContent === SAVING)
      soon = setTimeout(() => draw(now), SAVED_AFTER_MS);
    else draw(now);
    if (state.ended !== ended) {
      ended = state.ended;
      showEnded(connection, config, ended);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (hasUnsaved(connection.state) && !connection.discarded) event.preventDefault();
  });
}

function showEnded(connection: Connection, config: EditorConfig, code: number | null): void {
  const panel = element("ended");
  panel.hidden = code === null;
  panel.replaceChildren();
  if (code === null) return;

  const sentence = document.createElement("p");
  sentence.textContent = endedSentence(code);
  panel.append(sentence);
  if (code === CLOSE.signIn) panel.append(link("Sign in again", config.paths.login));
  else if (code === CLOSE.gone) panel.append(link("All documents", config.paths.documents));
  else panel.append(button("Reload", () => location.reload()));

  if (hasUnsaved(connection.state)) offerUnsaved(connection, sentence, panel, code);
  else if (code === CLOSE.forbidden || code === CLOSE.gone) connection.forget();
}

/** Nothing is lost without a word: what the server did not get can be saved as a file, or given up. */
function offerUnsaved(connection: Connection, sentence: HTMLElement, panel: HTMLElement, code: number): void {
  sentence.append(" Edits that were not saved are still in this browser.");
  panel.append(button("Download a copy", () => downloadCopy(connection.document)));
  if (code === CLOSE.signIn) return; // signing in again sends them
  panel.append(button("Discard them", () => connection.forget().then(() => leaveFor(connection))));
}

/** For who may only read by now: what they wrote before, and the server did not get, must not lie here unseen. */
export async function showLeftBehind({ user, document: { id } }: EditorConfig): Promise<void> {
  const left = await findLeftBehind(user.id, id);
  const panel = element("ended");
  if (!left || !panel.hidden) return;
  const sentence = document.createElement("p");
  sentence.textContent =
    "You may only read this document now. Edits that were not saved are still in this browser.";
  panel.replaceChildren(
    sentence,
    button("Download a copy", () => downloadCopy(left.document)),
    button("Discard them", () => {
      panel.hidden = true;
      left.forget();
    }),
  );
  panel.hidden = false;
}

/** Load the page anew, past the warning about what was just discarded. */
function leaveFor(connection: Connection): void {
  connection.discarded = true;
  location.reload();
}

/** Save the whole text as a file: with it nothing is lost, whatever happened to the document. */
function downloadCopy(edited: Y.Doc): void {
  const { name, text } = documentFile(edited);
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const anchor = link("", address);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function link(words: string, address: string): HTMLAnchorElement {
  const anchor = document.createElement("a");
  anchor.className = "button";
  anchor.href = address;
  anchor.textContent = words;
  return anchor;
}

function button(words: string, run: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "button";
  element.textContent = words;
  element.addEventListener("click", run);
  return element;
}
