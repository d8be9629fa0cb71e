// Listens to events as docs/events.md says, and loses its connection within a run. Arguments: the API, a pipeline to run twice, the number to go on from.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { HubConnectionBuilder, LogLevel } = require('@microsoft/signalr')
const [api, pipeline, after] = process.argv.slice(2)
const ask = async (path, options) => (await fetch(new URL(path, api), options)).json()
const startRun = async () => (await ask(`pipelines/${pipeline}/runs`, { method: 'POST' })).id
const heard = []
const waiting = []
let [seen, pushed, interruptions] = [Number(after), 0, 0]
let turn = Promise.resolve()
const inTurn = (work) => (turn = turn.then(work))

function show (events) {
  heard.push(...events)
  waiting.splice(0).forEach((look) => look())
}

async function catchUp () {
  for (let from; from !== seen;) {
    from = seen
    const page = await ask(`events?after=${from}&limit=1000`)
    show(page.events)
    seen = page.last
  }
}

async function until (type, runId) {
  while (!heard.some((event) => event.type === type && event.runId === runId)) {
    await new Promise((resolve) => waiting.push(resolve))
  }
}

let socket
const WebSocket = class extends require('ws') {
  constructor (...args) {
    super(...args)
    socket = this
  }
}
const connection = new HubConnectionBuilder().withUrl(`${api}live`, { WebSocket }).configureLogging(LogLevel.Error).withAutomaticReconnect().build()
connection.on('events', (message) => inTurn(() => {
  if (message.previous > seen) return catchUp()
  const news = message.events.filter((event) => event.sequence > seen)
  pushed += news.length
  show(news)
  seen = Math.max(seen, message.last)
}))
connection.onreconnected(() => inTurn(catchUp))
await connection.start()
await inTurn(catchUp)

const first = await startRun()
await until('run.started', first)
const reconnected = new Promise((resolve) => connection.onreconnected(resolve))
interruptions++
socket.terminate()
await reconnected
while ((await ask(`runs/${first}`)).status === 'running') await new Promise((resolve) => setTimeout(resolve, 25))
await until('run.succeeded', await startRun())

await connection.stop()
await turn
console.log(JSON.stringify({ heard, pushed, interruptions }))
