// Socket.IO 4 by the book: WebSocket only, one emit to everybody. With a database it emits what a change stream reports,
// each change or, given a number of milliseconds, the newest state in that time.
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

async function follow(document, size, every) {
  const client = await MongoClient.connect(process.env.MONGODB_URI);
  const events = client.db(process.env.TURNOUT_DATABASE).collection("events");
  const changes = events.watch([{ $match: { "documentKey._id": document } }], { fullDocument: "updateLookup" });
  const show = every ? paced(every) : (version) => io.emit("html", update(version, size));
  for await (const change of changes) show(change.fullDocument.version);

  function paced(every) {
    let newest = 0, last = 0, timer = null;
    const now = () => {
      timer = null;
      last = Date.now();
      io.emit("html", update(newest, size));
    };
    return (version) => {
      newest = version;
      timer ??= setTimeout(now, Math.max(0, last + every - Date.now()));
    };
  }
}

const [document, size, every] = process.argv.slice(2, -1);
if (document) follow(document, Number(size), Number(every));
http.listen({ fd });
process.on("SIGTERM", () => process.exit(0));
