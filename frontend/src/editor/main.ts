/** The editor page. */
import "../page/main";
import "./styles/main.css";
import { Carets } from "../collaboration/carets";
import { connect } from "../collaboration/connection";
import { showPresence } from "../collaboration/presence";
import { element, mayEdit, readConfig } from "./config";
import { showCounts } from "./counts";
import { createEditor } from "./create";
import { showStatus } from "./status-line";
import { bindTitle } from "./title";

const config = readConfig();
const editable = mayEdit(config.role);
const connection = connect(config);
const { awareness } = connection.provider;
const { id, name, color } = config.user;
awareness.setLocalStateField("user", { id, name, color });

const editor = createEditor({
  element: element("text"),
  document: connection.document,
  editable: false,
  describedBy: "text-keys",
  extensions: [Carets.configure({ awareness })],
});

connection.ready.then(() => {
  editor.setEditable(editable);
  if (editable && editor.isEmpty) editor.commands.focus("end");
});
bindTitle({
  field: element<HTMLTextAreaElement>("title"),
  document: connection.document,
  known: config.document.title,
  ready: connection.ready,
  editable,
  done: () => editor.commands.focus("start"),
});
showPresence(editor, awareness, {
  list: element("people"),
  counted: (people) => {
    element("present").textContent = people === 1 ? "Only you" : `${people} people`;
  },
});
showCounts(editor, { counts: element("counts"), assisted: element("assisted") });
showStatus(connection, config);
