"""What lives as long as a worker: the live engine, the programs that follow it, and the work beside the requests."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from quart import Quart

from realtime import Engine, lasting
from webapp import access, database, due, responses
from webapp.admin import retention, worker_health
from webapp.change_stream import ChangeStream
from webapp.changes import api as changes
from webapp.changes.following import Followers
from webapp.changes.journals import Journals
from webapp.changes.opening import Opening
from webapp.changes.scribe import Scribe
from webapp.looks.counting import Looks
from webapp.migrations import store as migrations
from webapp.observing import tracing, vitals
from webapp.people import recognition
from webapp.people import store as people
from webapp.programs import recognition as programs
from webapp.settings import Settings
from webapp.walls import limits, proxy

Admit = Callable[[dict[str, Any]], Awaitable[None]]
Works = Callable[[], Coroutine[Any, Any, None]]


def live(app: Quart, settings: Settings) -> None:
    """Puts the live engine around the application. Both start when it serves, and stop when it does not any more."""
    admit, viewer_of = _admission(app, settings), access.viewers(app)
    allowed_origin = access.origin_check(settings.public_url, settings.foreign_origins)
    engine = Engine(
        settings.redis_url,
        ChangeStream(settings.mongodb_uri, settings.database),
        render=responses.render,
        viewer_of=viewer_of,
        subjects_of=access.subjects_of,
        again=access.again(app),
        forget=_forgetting(app),
        allowed_origin=allowed_origin,
        secret=settings.secret,
        older_secrets=settings.older_secrets,
        frame_ms=settings.live_frame_ms,
        standing=database.standing,
        address_of=proxy.address_of,
        admit=admit,
        brings_token=programs.brings_token,
        ends_at=access.ends_at,
    )
    app.extensions["live"] = engine
    app.extensions["limits"] = limits.Limits(settings, engine.take)
    app.extensions["looks"] = Looks(engine.new)
    app.extensions["followers"] = _followers(app, engine)
    app.extensions["opening"] = Opening(admit, viewer_of, allowed_origin)
    app.asgi_app = engine.around(app.asgi_app)  # type: ignore[method-assign, assignment]
    _start_and_stop(app, settings, engine)


def _admission(app: Quart, settings: Settings) -> Admit:
    async def admit(scope: dict[str, Any]) -> None:
        account = await programs.account_in(scope, issuer=settings.address)
        await limits.admit_stream(scope, app.extensions["limits"], account)

    return admit


def _forgetting(app: Quart) -> Callable[[str], None]:
    def forget(subject: str) -> None:
        recognition.forget(subject)
        app.extensions["followers"].revoked(subject)

    return forget


def _followers(app: Quart, engine: Engine) -> Followers:
    return Followers(
        changes.audience_of, access.again(app), access.subjects_of, access.ends_at, lambda: engine.is_draining
    )


def _start_and_stop(app: Quart, settings: Settings, engine: Engine) -> None:
    running: list[asyncio.Task[None]] = []

    @app.before_serving
    async def start() -> None:
        database.connect(settings.mongodb_uri, settings.database)
        await migrations.bring_up_to_date()
        await retention.apply(await retention.current())
        await people.seal_all()
        await engine.start()
        running.extend(asyncio.create_task(lasting(work)) for work in _beside_the_requests(app, settings))

    @app.after_serving
    async def stop() -> None:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await app.extensions["looks"].finish()
        await engine.stop()
        await tracing.finish()
        database.close()


def _beside_the_requests(app: Quart, settings: Settings) -> list[Works]:
    async def write_changes() -> None:
        journals = Journals(settings.mongodb_uri, settings.database)
        try:
            await Scribe(journals, timedelta(days=settings.keep_changes_days)).run()
        finally:
            journals.close()

    repeated: list[Works] = [due.keep_running, vitals.keep_watching, app.extensions["looks"].keep_writing]
    return [*repeated, lambda: worker_health.keep_noting(app), write_changes]
