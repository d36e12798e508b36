import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePeers, type Peers, write } from "../testing/peers";
import { completionIsOn, isCompletable, switchCompletion } from "./completion";

describe("inline completion", () => {
  let peers: Peers;
  beforeEach(() => {
    peers = makePeers();
  });
  afterEach(() => peers.destroy());

  it.each([
    ["<p>The rain had stopped</p>", "stopped", true],
    ["<p>The rain had stopped and</p>", "stopped", true],
    ["<p>The rain had stopped</p>", "The rain had sto", false],
    ["<p>Short</p>", "Short", false],
    ["<pre><code>const answer = compute()</code></pre>", "compute()", false],
    ["<p>Use <code>a_long_function_name</code></p>", "name", false],
  ])("knows in %s after %j whether to propose", (html, after, expected) => {
    write(peers.alice, html, after);
    expect(isCompletable(peers.alice.editor.state)).toBe(expected);
  });

  it("remembers its switch", () => {
    expect(completionIsOn()).toBe(true);
    switchCompletion(false);
    expect(completionIsOn()).toBe(false);
    switchCompletion(true);
    expect(completionIsOn()).toBe(true);
  });
});
