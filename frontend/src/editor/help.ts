/** The help sheet: every key of the editor. */
import { isApple } from "./create";
import { openDialog } from "./dialog";

export const GROUPS: readonly [string, readonly [string, string][]][] = [
  [
    "The assistant",
    [
      ["Mod Enter", "Continue the text"],
      ["Tab", "Accept the suggestion"],
      ["Mod →", "Accept one word"],
      ["Esc", "Stop or dismiss the suggestion"],
      ["Alt Shift R", "Rewrite the selection or the paragraph"],
      ["Mod Shift Enter", "Keep the rewrite; Esc discards it, Alt F10 goes to its bar"],
      ["Alt Shift C", "Your commands"],
      ["Mod J", "Chat about the document, or what is selected"],
      ["Alt Shift S", "To the next suggestion"],
      ["Alt Shift G", "To the next grammar finding"],
      ["Alt Enter", "On what is underlined or suggested: decide. On assisted text: who accepted it"],
    ],
  ],
  [
    "Blocks",
    [
      ["/", "All blocks"],
      ["# ## ###", "Headings"],
      ["- or 1.", "Lists"],
      ["[ ]", "Task list"],
      [">", "Quote"],
      ["```", "Code block"],
      ["---", "Divider"],
      ["Alt Shift ↑ ↓", "Move the block"],
    ],
  ],
  [
    "Text",
    [
      ["Mod B", "Bold"],
      ["Mod I", "Italic"],
      ["Mod U", "Underline"],
      ["Mod Shift S", "Strike through"],
      ["Mod E", "Code"],
      ["Mod K", "Link"],
      ["Mod click", "Open a link"],
      ["Alt Shift M", "Comment on the selection or the paragraph; in a commented passage, to its comments"],
      ["Alt F10", "Into the selection's toolbar"],
      ["Mod \\", "Open or close the panels; Esc goes back to the text"],
      ["Mod Z", "Undo your own last change"],
      ["Mod Shift Z", "Redo"],
      ["Mod /", "These keys; outside of the text also ?"],
    ],
  ],
];

export function openHelp(): void {
  const { body } = openDialog("Keys and shortcuts");
  for (const [name, keys] of GROUPS) {
    const heading = document.createElement("h3");
    heading.textContent = name;
    const list = document.createElement("dl");
    list.className = "keys";
    for (const [key, words] of keys) {
      const term = document.createElement("dt");
      const chip = document.createElement("kbd");
      chip.textContent = key.replace("Mod", isApple() ? "⌘" : "Ctrl");
      term.append(chip);
      const meaning = document.createElement("dd");
      meaning.textContent = words;
      list.append(term, meaning);
    }
    body.append(heading, list);
  }
}
