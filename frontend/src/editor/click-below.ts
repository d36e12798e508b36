/** A click under the last block goes on there, also behind a table or a code block. */
import type { Editor } from "@tiptap/core";

export function continueBelow(editor: Editor, sheet: HTMLElement): void {
  sheet.addEventListener("click", (event) => {
    const last = editor.view.dom.lastElementChild?.getBoundingClientRect();
    const beside =
      event.target === sheet ||
      event.target === editor.view.dom ||
      event.target === editor.view.dom.parentElement;
    if (!editor.isEditable || !beside || !last || event.clientY <= last.bottom) return;
    const block = editor.state.doc.lastChild;
    if (block?.type.name !== "paragraph") {
      editor.chain().insertContentAt(editor.state.doc.content.size, { type: "paragraph" }).focus("end").run();
    } else {
      editor.commands.focus("end");
    }
  });
}
