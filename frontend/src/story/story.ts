/** The story panel's place in the rail; it is loaded when it is first looked at. */
import type { Editor } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import type { Rail } from "../rail/rail";
import type { StoryPanel } from "./panel";

const ID = "story";

export function addStory(rail: Rail, editor: Editor, assistant: Assistant): void {
  let panel: Promise<StoryPanel> | null = null;
  rail.addPanel({
    id: ID,
    label: "Story",
    icon: "theater",
    mount(container) {
      panel = import("./panel").then(
        ({ StoryPanel }) =>
          new StoryPanel(container, {
            assistant,
            hasText: () => editor.state.doc.textContent.trim() !== "",
            isShown: () => rail.shown === ID,
          }),
      );
    },
    shown() {
      panel?.then((mounted) => mounted.load());
    },
  });
}
