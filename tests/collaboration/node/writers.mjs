// Stock y-websocket clients write into one document at random, then wait until they agree.
// Argument: JSON {urls, document, cookie, writers, edits, seed}; prints JSON {texts, length}.
import { createRequire } from 'node:module'

const require = createRequire(`${process.cwd()}/package.json`)
const Y = require('yjs')
const { WebsocketProvider } = require('y-websocket')
const WebSocket = require('ws')

const { urls, document, cookie, writers, edits, seed } = JSON.parse(process.argv[2])
let state = seed >>> 0 || 1
const chance = () => {
  state ^= state << 13; state >>>= 0; state ^= state >>> 17; state ^= state << 5; state >>>= 0
  return state / 2 ** 32
}
class SignedIn extends WebSocket {
  constructor (url, protocols) { super(url, protocols, { headers: { Cookie: cookie, Origin: new URL(url).origin.replace('ws', 'http') } }) }
}
const soon = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const people = Array.from({ length: writers }, (_, index) => {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(urls[index % urls.length], document, doc, { WebSocketPolyfill: SignedIn, disableBc: true })
  return { doc, provider, content: doc.getXmlFragment('default'), text: doc.getText('t') }
})
const synced = (person) => person.provider.synced || new Promise((resolve) => person.provider.once('sync', resolve))
await Promise.all(people.map(synced))

const edit = ({ content, text }) => {
  const kind = chance()
  if (kind < 0.4) text.insert(Math.floor(chance() * (text.length + 1)), ['a', 'word ', 'ünï'][Math.floor(chance() * 3)])
  else if (kind < 0.55 && text.length > 3) text.delete(Math.floor(chance() * (text.length - 2)), 2)
  else if (kind < 0.65 && text.length > 3) text.format(0, 2, { bold: chance() < 0.5 ? true : null })
  else if (kind < 0.7) text.insertEmbed(text.length, { image: 'x' })
  else if (kind < 0.9) {
    const block = new Y.XmlElement('paragraph')
    block.setAttribute('level', 1)
    block.insert(0, [new Y.XmlText('words 😀')])
    content.insert(Math.floor(chance() * (content.length + 1)), [block])
  } else if (content.length) content.delete(Math.floor(chance() * content.length), 1)
}
for (let n = 0; n < edits; n++) {
  const person = people[Math.floor(chance() * people.length)]
  edit(person)
  if (chance() < 0.02) { person.provider.disconnect(); edit(person); person.provider.connect() }
  if (chance() < 0.3) await soon(2)
}
const look = ({ content, text }) => JSON.stringify([text.toDelta(), content.toString()])
const deadline = Date.now() + 20000
while (new Set(people.map(look)).size > 1 && Date.now() < deadline) await soon(50)
console.log(JSON.stringify({ texts: [...new Set(people.map(look))].length, length: people[0].text.length }))
process.exit(0)
