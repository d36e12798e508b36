/** The story panel's place in the rail; it is loaded when it is first looked at. */
import type { Editor } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import { LazyPanel } from "../rail/lazy-panel";
import type { Rail } from "../rail/rail";

const ID = "story";

export function addStory(rail: Rail, editor: Editor, assistant: Assistant): void {
  const panel = new LazyPanel(
    () => import("./panel"),
    ({ StoryPanel }, container) =>
      new StoryPanel(container, {
        assistant,
        hasText: () => editor.state.doc.textContent.trim() !== "",
        isShown: () => rail.shown === ID,
      }),
    (mounted) => mounted.load(),
  );
  rail.addPanel({
    id: ID,
    label: "Story",
    icon: "theater",
    mount: (container) => panel.mount(container),
    shown: () => panel.shown(),
  });
}
