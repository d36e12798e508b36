/** Lets the person at this browser write when their role allows it and what they write reaches somebody. */
import type { Editor } from "@tiptap/core";
import type { Assistant } from "../assistant/assistant";
import type { Connection } from "../collaboration/connection";
import { notify } from "./announce";
import { mayEdit, type Role } from "./config";

export interface Writable {
  editor: Editor;
  title: HTMLTextAreaElement;
  connection: Connection;
  assistant: Assistant;
}

/** Call when the document is there: before, there is nothing to write into. */
export function keepEditable({ editor, title, connection, assistant }: Writable): void {
  connection.onState(({ mayEdit, ended }) => {
    const may = mayEdit && ended === null;
    if (editor.isEditable !== may) editor.setEditable(may);
    title.readOnly = !may;
  });
  const { config } = assistant;
  const take = (role: Role) => {
    if (role === config.role) return;
    const [could, can] = [mayEdit(config.role), mayEdit(role)];
    config.role = role;
    document.body.dataset.role = role;
    connection.setRole(role);
    if (could !== can)
      notify(can ? "You may edit this document now." : "You may only read this document now.");
  };
  assistant.onRole(take);
  if (assistant.hello) take(assistant.hello.role);
}
