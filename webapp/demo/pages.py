"""The button that makes things happen for a minute. Registered in development only."""

from quart import Blueprint, Response, current_app

from webapp.access import allowed, anyone
from webapp.demo import traffic
from webapp.responses import answer

SECONDS = 60

pages = Blueprint("demo", __name__)


@pages.post("/demo/traffic")
@allowed(anyone)
async def start() -> Response:
    current_app.add_background_task(_move)
    return await answer(otherwise="/", notice="Things happen for a minute now; watch the page.")


async def _move() -> None:
    async for _ in traffic.happenings(SECONDS):
        pass
