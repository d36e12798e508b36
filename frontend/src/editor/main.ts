/** The editor page. */
import "./trusted-types";
import "../page/main";
import "./styles/main.css";
import { Assistant } from "../assistant/assistant";
import { completionExtension, completionIsOn, switchCompletion } from "../assistant/completion";
import { continueExtension, continueText } from "../assistant/continue";
import { tellNotes } from "../assistant/notes";
import { OriginCard } from "../assistant/origin-card";
import { Proposals } from "../assistant/proposals";
import { suggestionBar } from "../assistant/suggestion-bar";
import { Chat, chatBubbleTool, chatKeys, chatSlashItem } from "../chat/chat";
import { Carets } from "../collaboration/carets";
import { connect } from "../collaboration/connection";
import { showPresence } from "../collaboration/presence";
import { Commands } from "../commands/commands";
import { Comments } from "../comments/comments";
import { addHistory } from "../history/history";
import { showPolicy } from "../policy/badge";
import { addProvenance } from "../provenance/provenance";
import { Rail } from "../rail/rail";
import { reportDocument } from "../reports/report";
import { addStory } from "../story/story";
import { WritingTools } from "../tools/tools";
import { notify } from "./announce";
import { Bubble, type SelectionBubble } from "./bubble";
import { continueBelow } from "./click-below";
import { element, mayEdit, readConfig } from "./config";
import { showCounts } from "./counts";
import { createEditor } from "./create";
import { DragHandle } from "./drag-handle";
import { FreshSelection } from "./fresh-selection";
import { bindHelp } from "./help-keys";
import { Images } from "./images";
import { keepEditable } from "./keep-editable";
import { KeptSelection } from "./kept-selection";
import { LongDocuments } from "./long-documents";
import { MoveBlock } from "./move-block";
import { OnDemand } from "./on-demand";
import { OpenLinks } from "./open-links";
import { Paste } from "./paste";
import { showQuota } from "./quota-line";
import { slashExtension } from "./slash";
import { slashItems } from "./slash-items";
import { showLeftBehind, showStatus } from "./status-line";
import { bindSwitch } from "./switch";
import { bindTitle } from "./title";
import { showWaiting } from "./waiting-line";

const ORIGIN_SWITCH = "interline.origin";

const config = readConfig();
const connection = connect(config);
const { awareness } = connection.provider;
const { id, name, color } = config.user;
awareness.setLocalStateField("user", { id, name, color });

const bar = suggestionBar(
  element("suggestion"),
  () => proposals.ghosts,
  () => editor,
  (instruction) => proposals.steer(instruction),
);
const assistant = new Assistant(config);
const proposals = new Proposals(assistant, (ghost, rest) => {
  bar.show(ghost, rest);
  // The bar has a flag of its own: two beside one another would not say which of them reports what.
  const hasFlag = !element("suggestion").hidden;
  if (element("report").hidden !== hasFlag) element("report").hidden = hasFlag;
});
assistant.onHello(({ models }) => {
  const model = models[0];
  element("model").textContent = model ? (model.demo ? "Demo model" : model.name) : "";
});
tellNotes(assistant);
assistant.onReviewed(({ message }) => notify(message, { stays: true }));
const tools = new WritingTools(assistant, ({ generation, original }) =>
  chat.askAboutGeneration(generation, original),
);
const commands = new Commands(proposals, ({ name: label, prompt }, range) =>
  tools.rewrites.ask({ action: "custom", input: { instruction: prompt }, label }, range),
);
const comments = new Comments(assistant);
const editor = createEditor({
  element: element("text"),
  document: connection.document,
  editable: false,
  describedBy: "text-keys",
  extensions: [
    Carets.configure({ awareness }),
    proposals.ghosts.extension(),
    continueExtension(proposals),
    completionExtension(proposals, awareness),
    ...tools.extensions(),
    OriginCard.configure({
      document: config.document.id,
      ask: (generation) => chat.askAboutGeneration(generation),
    }),
    slashExtension(
      slashItems((at) => continueText(at, proposals), [...tools.slashItems(), chatSlashItem(() => chat)]),
      { items: () => commands.slashItems(), load: () => commands.load() },
      assistant.availability,
    ),
    chatKeys(() => chat),
    comments.extension(),
    commands.keys(),
    Bubble.configure({
      tools: [comments.bubbleTool(), chatBubbleTool(() => chat), commands.bubbleTool()],
      forms: tools.selectionTools(),
      why: (action) => assistant.availability.why(action),
    }),
    DragHandle,
    MoveBlock,
    OpenLinks,
    LongDocuments,
    FreshSelection,
    KeptSelection,
    Images.configure({ hasRoomFor: (bytes) => connection.hasRoomFor(bytes) }),
    Paste,
  ],
});
proposals.attach(editor);
const rail = new Rail({
  aside: element("rail"),
  toggle: element("rail-toggle"),
  leave: () => editor.commands.focus(),
});
tools.attach(editor, rail, connection.ready);
const chat = new Chat(assistant, editor, rail);
comments.attach(editor, rail, connection.ready);
addStory(rail, editor, assistant);
addProvenance(rail, editor, config.document.id);
addHistory(rail, editor, config);

const title = element<HTMLTextAreaElement>("title");
connection.ready.then(() => {
  keepEditable({ editor, title, connection, assistant });
  if (editor.isEditable) commands.load();
  // At once, not with the next frame as the focus command does: by then somebody may be in the title.
  if (editor.isEditable && editor.isEmpty && document.activeElement === document.body) editor.view.focus();
});
bindTitle({
  field: title,
  document: connection.document,
  known: config.document.title,
  ready: connection.ready,
  done: () => editor.commands.focus("start"),
});
showStatus(connection, config);
showQuota(assistant);
showWaiting(assistant);
showPolicy(assistant);
assistant.availability.onChange(() => {
  const storage = editor.storage as unknown as { bubble: { bubble: SelectionBubble | null } };
  storage.bubble.bubble?.redraw();
});
showPresence(editor, awareness, {
  list: element("people"),
  counted: (people) => {
    element("present").textContent = people === 1 ? "Only you" : `${people} people`;
  },
});
showCounts(editor, { counts: element("counts"), assisted: element("assisted"), percent: element("percent") });
continueBelow(editor, element("sheet"));

bindSwitch(element("assisted"), {
  on: localStorage.getItem(ORIGIN_SWITCH) !== "hidden",
  change(on) {
    document.body.classList.toggle("hide-origin", !on);
    localStorage.setItem(ORIGIN_SWITCH, on ? "shown" : "hidden");
  },
});
if (mayEdit(config.role)) {
  assistant.availability.mark(element("completion"), "complete");
  bindSwitch(element("completion"), { on: completionIsOn(), change: switchCompletion });
} else showLeftBehind(config);
bindHelp(element("help"));
element("report").addEventListener("click", () => reportDocument(config.document.id));
const sharing = new OnDemand("The share dialog", () =>
  Promise.all([import("../documents/share"), import("../policy/share-row")]),
);
document.getElementById("share")?.addEventListener("click", async () => {
  const [{ openShare }, { policyRow }] = await sharing.wanted();
  openShare(config.paths.members, [policyRow(assistant)]);
});
