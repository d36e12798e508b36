/** Shows a document's text as people write it, and continues it on demand. */
import { Interline, InterlineError, type SharedText } from "../src/index.js";

const find = (id: string) => document.getElementById(id) as HTMLElement;
const form = find("open") as HTMLFormElement;
const button = find("continue") as HTMLButtonElement;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const id = String(fields.get("document")).trim();
  const interline = new Interline(location.origin, { key: String(fields.get("key")).trim() });
  tell("Opening…");
  try {
    const shared = await interline.open(id);
    tell("");
    show(shared);
    shared.document.on("update", () => show(shared));
    button.addEventListener("click", () => goOn(interline, id, shared));
    form.hidden = true;
    find("shown").hidden = false;
  } catch (error) {
    tell(error);
  }
});

function show(shared: SharedText): void {
  find("title").textContent = shared.title || "Untitled";
  find("text").replaceChildren(
    ...shared.paragraphs.map((text) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = text;
      return paragraph;
    }),
  );
}

async function goOn(interline: Interline, id: string, shared: SharedText): Promise<void> {
  button.disabled = true;
  try {
    const answer = await interline.generate(id, "continue", { text_before: `${shared.paragraphs.join("\n")}\n` });
    let text = "";
    for await (const event of answer) {
      if (event.type === "failed") throw new InterlineError(event.code, event.message);
      if (event.type === "chunk") text += event.text;
      tell(text);
    }
    if (text.trim()) shared.appendParagraph(text.trim());
    await answer.decide("accepted");
    tell("");
  } catch (error) {
    tell(error);
  } finally {
    button.disabled = false;
  }
}

function tell(what: unknown): void {
  find("answer").textContent = what instanceof Error ? what.message : String(what);
}
