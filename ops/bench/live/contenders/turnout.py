"""Turnout's live engine around the smallest region there is, so that it sends as many bytes as the others.

/send?times=&every=&size= makes the region change without a database, as the other contenders do.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any

import uvloop
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, request

from ops.bench.live.update import MARK
from realtime import Engine, anyone, drawing, region
from realtime import server as live_server
from realtime.change import Change, Position
from webapp import database, settings
from webapp.change_stream import ChangeStream

MEMORY = "@bench"
shown = {"number": 0, "size": 512}


@region("bench.html", watches={MEMORY: "_id"}, visible_to=anyone)
async def bench_memory(_: str) -> dict[str, Any]:
    """A number in memory."""
    return {"number": shown["number"]}


@region("bench.html", watches={"events": "_id"}, visible_to=anyone)
async def bench_document(event_id: str) -> dict[str, Any] | None:
    """The version of an event."""
    found = await database.db().events.find_one({"_id": event_id}, {"version": 1})
    return {"number": found["version"]} if found else None


def render(_: str, context: Mapping[str, Any]) -> str:
    """The region, such that the whole message has the wanted size."""
    key, live = context["region_id"], context["live"]
    empty = drawing.envelope(drawing.Drawn(key, "", drawing.version(""), ""))
    head = f"<p {live}>{MARK.decode()}{context['number']}. "
    return head + "x" * (shown["size"] - len(empty) - len(head) - 4) + "</p>"


def made(given: settings.Settings) -> Quart:
    """The application: pages that name the regions, as Turnout's own do, and the engine around it."""
    app = Quart(__name__)
    source = ChangeStream(given.mongodb_uri, given.database)
    live = Engine(given.redis_url, source, render, _anybody, lambda _: True, given.secret, name="bench")
    app.asgi_app = live.around(app.asgi_app)  # type: ignore[method-assign, assignment]

    @app.before_serving
    async def start() -> None:
        database.connect(given.mongodb_uri, given.database)
        await live.start()

    @app.get("/")
    async def health() -> str:
        return ""

    @app.get("/page/<event_id>")
    async def page(event_id: str) -> str:
        bound = bench_memory(event_id) if event_id == "memory" else bench_document(event_id)
        (drawn,) = await live.draw(bound)
        return f'<div id="live" data-shown="{drawn.key}.{drawn.signature}.{drawn.version}"></div>{drawn.html}'

    @app.get("/send")
    async def send() -> str:
        times, every, size = (request.args[name] for name in ("times", "every", "size"))
        shown["size"] = int(size)
        app.add_background_task(change, live, int(times), float(every))
        return ""

    return app


async def change(live: Engine, times: int, every: float) -> None:
    for number in range(times):
        shown["number"] = number
        live.hub.apply([Change(Position(0, 0), MEMORY, "memory", "update", time.time())])
        await asyncio.sleep(every)


async def _anybody(_: dict[str, Any]) -> None:
    return None


def main() -> None:
    *size, listening = sys.argv[1:]
    shown["size"] = int(size[0]) if size else shown["size"]
    config = Config()
    config.bind = [f"fd://{listening}"]
    config.backlog = 4096
    config.accesslog = config.errorlog = None
    live_server.install()
    uvloop.run(serve(made(settings.read()), config))


main()
