// Uses the TypeScript client against a running server, and prints what it saw as JSON.
// node client.mjs <compiled client> <url> <key> <document id>
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [compiled, url, key, documentId] = process.argv.slice(2);
const { Interline, InterlineError } = await import(pathToFileURL(`${compiled}/index.js`).href);
const { WebSocket } = createRequire(`${compiled}/`)("ws");
const interline = new Interline(url, { key });
const seen = {};

const made = await interline.createDocument("A heron by the weir");
seen.title = (await interline.renameDocument(made.id, "An egret")).title;
const written = await interline.createDocument("Weir", "# Weir\n\nThe heron waits.\n");
const read = await interline.readText(written.id);
await interline.writeMarkdown(written.id, `${read.text}\nAnother line.\n`);
await interline.writeMarkdown(written.id, read.text.replace("waits", "stands"), read.version);
seen.markdown = (await interline.readText(written.id)).text;
seen.listed = [];
for await (const found of interline.documents("egret")) seen.listed.push(found.title);

const answer = await interline.generate(documentId, "continue", { text_before: "It was late. " });
seen.events = [];
for await (const event of answer) seen.events.push(event);
await answer.decide("accepted");
seen.again = await interline.generation(answer.id).text();

const stopped = await interline.generate(documentId, "continue", { text_before: "A long one. " });
for await (const event of stopped) {
  seen.stopped = event.type;
  if (event.seq === 2) await stopped.cancel();
}

const refused = async (work) => {
  try {
    await work();
    return "nothing";
  } catch (error) {
    return error instanceof InterlineError ? error.code : String(error);
  }
};
seen.refused = [
  await refused(() => interline.generate(documentId, "dance", {})),
  await refused(() => interline.open(crypto.randomUUID(), { WebSocket })),
  await refused(() => new Interline(url, { key: "il_no_key" }).createDocument()),
];

const hers = await interline.open(documentId, { WebSocket });
const his = await interline.open(documentId, { WebSocket });
const arrived = new Promise((resolve) => {
  const look = () => his.paragraphs.length === 2 && his.title === "Together" && resolve();
  his.document.on("update", look);
  hers.document.on("update", look);
});
hers.title = "Together";
hers.appendParagraph("From hers.");
his.appendParagraph("From his.");
await arrived;
seen.paragraphs = [...his.paragraphs].sort();
hers.close();
his.close();
console.log(JSON.stringify(seen));
process.exit(0);
