/** Shows a document's text as people write it, and continues it on demand. */
import { Interline, InterlineError, type SharedText } from "../src/index.js";

const find = (id: string) => document.getElementById(id) as HTMLElement;
const form = find("open") as HTMLFormElement;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const key = String(fields.get("key"));
  const id = String(fields.get("document"));
  const interline = new Interline(String(fields.get("url")), key ? { key } : {});
  try {
    const shared = await interline.open(id);
    show(shared);
    shared.document.on("update", () => show(shared));
    find("continue").hidden = false;
    find("continue").addEventListener("click", () => goOn(interline, id, shared).catch(tell));
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
  const answer = await interline.generate(id, "continue", { text_before: `${shared.paragraphs.join("\n")}\n` });
  let text = "";
  for await (const event of answer) {
    if (event.type === "failed") throw new InterlineError(event.code, event.message);
    if (event.type === "chunk") text += event.text;
    find("answer").textContent = text;
  }
  shared.appendParagraph(text.trim());
  find("answer").textContent = "";
  await answer.decide("accepted");
}

function tell(error: unknown): void {
  find("answer").textContent = error instanceof Error ? error.message : String(error);
}
