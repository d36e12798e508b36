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

const file = await interline.readFile(written.id, "docx");
seen.file = new TextDecoder().decode((await file.arrayBuffer()).slice(0, 2));

const links = interline.links(written.id);
const link = await links.create("viewer", { password: "seven herons wade" });
const opened = await links.change(link.id, { role: "commenter", password: null, expiresAt: new Date("2040-01-31") });
seen.link = [link.has_password, opened.role, opened.has_password, opened.expires_at, opened.url === link.url];
const standing = async () => {
  const found = [];
  for await (const { id } of links) found.push(id === link.id);
  return found;
};
seen.links = [await standing(), await links.revoke(link.id), await standing()];

const comments = interline.comments(written.id);
const people = [];
for await (const person of comments.people()) people.push(person);
const thread = await comments.begin("Grey or white?", { quote: "heron", mentions: [people[0].id] });
const reply = await comments.reply(thread.id, "Grey.");
await comments.edit(thread.id, reply.id, "Grey, I think.");
await comments.remove(thread.id, thread.id);
await comments.restore(thread.id, thread.id);
await comments.resolve(thread.id);
seen.threads = [];
for await (const found of comments.threads({ resolved: true })) seen.threads.push(found.comments.map(({ body }) => body));
seen.unresolved = (await comments.resolve(thread.id, false)).resolved_at;

const versions = interline.versions(written.id);
const version = await versions.rename((await versions.name("Sent")).number, "Sent to Ada");
await interline.writeMarkdown(written.id, "# Weir\n");
seen.restored = (await versions.restore(version.number)).changed;
seen.version = [(await versions.get(version.number)).name, await versions.readText(version.number)];
seen.restoredText = (await interline.readText(written.id)).text;
await versions.remove(version.number);
seen.versions = [];
for await (const { name } of versions) seen.versions.push(name);

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
