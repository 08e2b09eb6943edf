// Socket.IO 4 by the book: WebSocket only, one emit to everybody. With a database it emits what a change stream reports.
import { createServer } from "node:http";
import { MongoClient } from "mongodb";
import { Server } from "socket.io";

const fd = Number(process.argv.at(-1));
const http = createServer(answer);
const io = new Server(http, { transports: ["websocket"], serveClient: false });
// Its guide to tuning: do not keep each connection's first request.
io.engine.on("connection", (socket) => { socket.request = null; });

function update(number, size) {
  const head = `<p id="bench" class="bench">write #${number}. `;
  return head + "x".repeat(size - head.length - 4) + "</p>";
}

function answer(request, response) {
  const url = new URL(request.url, "http://bench");
  response.end();
  const asked = (name) => Number(url.searchParams.get(name));
  if (url.pathname === "/send") send(asked("times"), asked("every") * 1000, asked("size"));
}

async function send(times, every, size) {
  for (let number = 0; number < times; number++) {
    io.emit("html", update(number, size));
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

async function follow(document, size) {
  const client = await MongoClient.connect(process.env.MONGODB_URI);
  const events = client.db(process.env.TURNOUT_DATABASE).collection("events");
  const changes = events.watch([{ $match: { "documentKey._id": document } }], { fullDocument: "updateLookup" });
  for await (const change of changes) io.emit("html", update(change.fullDocument.version, size));
}

const [document, size] = process.argv.slice(2, -1);
if (document) follow(document, Number(size));
http.listen({ fd });
process.on("SIGTERM", () => process.exit(0));
