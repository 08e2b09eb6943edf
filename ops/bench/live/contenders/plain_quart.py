"""The usual way: Quart on Hypercorn, a WebSocket handler with a queue per client."""

import asyncio
import sys

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, request, websocket

from ops.bench.live.update import update

app = Quart(__name__)
queues: set[asyncio.Queue[str]] = set()


@app.get("/")
async def health() -> str:
    return ""


@app.websocket("/ws")
async def watch() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    queues.add(queue)
    try:
        await websocket.accept()
        while True:
            await websocket.send(await queue.get())
    finally:
        queues.discard(queue)


@app.get("/send")
async def send() -> str:
    times, every, size = (request.args[name] for name in ("times", "every", "size"))
    app.add_background_task(broadcast, int(times), float(every), int(size))
    return ""


async def broadcast(times: int, every: float, size: int) -> None:
    for number in range(times):
        text = update(number, size)
        for queue in queues:
            queue.put_nowait(text)
        await asyncio.sleep(every)


config = Config()
config.bind = [f"fd://{sys.argv[1]}"]
config.backlog = 4096
config.accesslog = config.errorlog = None
uvloop.run(serve(app, config))
