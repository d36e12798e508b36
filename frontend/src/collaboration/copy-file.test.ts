import { expect, it } from "vitest";
import { makePeers, write } from "../testing/peers";
import { documentFile } from "./copy-file";

it("saves the whole text under a name that any system takes", () => {
  const peers = makePeers();
  write(peers.alice, "<h1>Head</h1><p>One<br>two.</p><ul><li>a</li><li>b</li></ul>");
  peers.alice.document.getMap("meta").set("title", 'A/B: "C"?');
  const { name, text } = documentFile(peers.alice.document);
  expect(name).toBe("A B C.txt");
  expect(text).toContain("Head\n\nOne\ntwo.\n\na");
  expect(text).toContain("\nb");
  peers.destroy();
});
