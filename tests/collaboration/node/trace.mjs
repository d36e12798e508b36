// A paper typed letter by letter through one stock client, and read by another.
// Argument: JSON {url, document, cookie, trace, edits}. `trace`: a gzipped JSON file {deltas, chars}: the cursor's
// offset before each edit, comma-separated, and the character that was typed, U+0000 for one that was deleted; where the
// file is missing, a made-up paper is typed. Prints JSON {equal, edits, characters, seconds, synthetic}.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import zlib from 'node:zlib'

const require = createRequire(`${process.cwd()}/package.json`)
const Y = require('yjs')
const { WebsocketProvider } = require('y-websocket')
const WebSocket = require('ws')

const { url, document, cookie, trace, edits } = JSON.parse(process.argv[2])
class SignedIn extends WebSocket {
  constructor (address, protocols) { super(address, protocols, { headers: { Cookie: cookie, Origin: new URL(address).origin.replace('ws', 'http') } }) }
}
const open = () => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url, document, doc, { WebSocketPolyfill: SignedIn, disableBc: true })
  return { doc, provider, text: doc.getText('t') }
}
const synced = ({ provider }) => provider.synced || new Promise((resolve) => provider.once('sync', resolve))
const soon = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function recorded () {
  const { deltas, chars } = JSON.parse(zlib.gunzipSync(fs.readFileSync(trace)))
  return { offsets: deltas.split(',', edits).map(Number), typed: [...chars.slice(0, edits)] }
}

function madeUp () {
  const typed = Array.from({ length: edits }, (_, n) => (n % 10 === 9 ? '\0' : 'a paper of its own '[n % 19]))
  return { offsets: typed.map((_, n) => (n % 500 === 499 ? -100 : n % 10 === 9 ? -1 : 0)), typed }
}

const synthetic = !fs.existsSync(trace)
const { offsets, typed } = synthetic ? madeUp() : recorded()
const writer = open()
const reader = open()
await Promise.all([synced(writer), synced(reader)])
const started = performance.now()
const deadline = Date.now() + 240000
const read = () => Y.getState(reader.doc.store, writer.doc.clientID)
const written = () => Y.getState(writer.doc.store, writer.doc.clientID)
let cursor = 0
for (let n = 0; n < typed.length; n++) {
  cursor = Math.max(0, cursor + offsets[n])
  if (typed[n] !== '\0') writer.text.insert(cursor++, typed[n])
  else if (cursor < writer.text.length) writer.text.delete(cursor, 1)
  if (n % 64 === 63) {
    do await soon(0); while (written() - read() > 2000 && Date.now() < deadline)
  }
}
const agree = () => reader.text.toString() === writer.text.toString()
while (!agree() && Date.now() < deadline) await soon(20)
const seconds = (performance.now() - started) / 1000
console.log(JSON.stringify({ equal: agree(), edits: typed.length, characters: writer.text.length, seconds, synthetic }))
process.exit(0)
