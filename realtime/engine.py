"""The live engine of one worker: everything else in this package, put together."""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Coroutine, Iterable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

from realtime import drawing, metrics
from realtime.change import Change, Position
from realtime.client import Client, Goodbye
from realtime.drawing import Drawn, Pen, Render
from realtime.endpoint import Endpoint
from realtime.feed import Feed
from realtime.frame import Frame
from realtime.hub import Hub, Standing
from realtime.presence import Presence
from realtime.region import Bound
from realtime.relay import Relay
from realtime.roster import Limits, Roster
from realtime.shared import Away, Shared
from realtime.source import Lost, Source
from realtime.upkeep import lasting
from realtime.visit import Access, sorted_out

log = logging.getLogger(__name__)

App = Callable[[Any, Any, Any], Awaitable[None]]
START_SECONDS = 5
ASK_AGAIN_SECONDS = 60
SIGNED_OUT = Goodbye(4401, "Signed out")
NOTHING_LEFT = Goodbye(4403, "Nothing here may be watched any more")


class Engine:
    """Streams regions to whoever watches them.

    `render(template, context)` draws a partial. `viewer_of(scope)` answers who asks; it may raise Refused(401, ...).
    `subjects_of(viewer)` names what `revoke` can name (session first, then person, team, ...), and `again(viewer)`
    answers the viewer as they are now, or None when their session has ended. `forget(subject)` drops, on every
    worker, what the application remembers of somebody who is asked again. `standing()` is asked before and after
    each draw, see `realtime.hub.Standing`.
    Names that were signed with one of `older_secrets` still count.
    `admit(scope)` may refuse, too. A request that `brings_token(scope)` may come from anywhere; a stream ends when what
    it was opened with `ends_at(viewer)`. A stream that leaves the ASGI server carries the scope's `answer_headers`.
    """

    def __init__(  # noqa: PLR0917 - callers name them
        self,
        redis_url: str,
        source: Source,
        render: Render,
        viewer_of: Callable[[dict[str, Any]], Awaitable[Any]],
        allowed_origin: Callable[[dict[str, Any]], bool],
        secret: str,
        frame_ms: int = 50,
        *,
        older_secrets: Iterable[str] = (),
        subjects_of: Callable[[Any], Iterable[str]] = lambda _: (),
        again: Callable[[Any], Awaitable[Any]] | None = None,
        forget: Callable[[str], None] = lambda _: None,
        address_of: Callable[[dict[str, Any]], str] = lambda scope: (scope.get("client") or ("",))[0],
        admit: Callable[[dict[str, Any]], Awaitable[None]] | None = None,
        brings_token: Callable[[dict[str, Any]], bool] = lambda _: False,
        ends_at: Callable[[Any], float | None] = lambda _: None,
        limits: Limits | None = None,
        standing: Standing | None = None,
        name: str = "turnout",
    ) -> None:
        self._source, self._pen = source, Pen(render, secret, older_secrets)
        self._redis_url, self._name, self._frame = redis_url, name, frame_ms / 1000
        self._access = Access(
            viewer_of,
            allowed_origin,
            subjects_of,
            again or _as_they_were,
            address_of,
            admit or _everybody,
            brings_token,
            ends_at,
        )
        self._forget = forget
        self._limits = limits or Limits()
        self._standing = standing or _always_the_same
        self._who = uuid.uuid4().hex
        self._tasks: list[asyncio.Task[None]] = []
        self._is_running = False
        self._leaving = asyncio.Lock()

    async def start(self) -> None:
        """Begins to follow the changes; returns when they are followed, or after five seconds without a database."""
        self.shared = Shared(self._redis_url, self._name, self._source.fingerprint)
        self.hub, self.roster = Hub(self._pen, self._frame, self._standing), Roster(self._limits)
        self.presence = Presence(self.hub, self.shared, self._who)
        self.relay = Relay(self._source, self.shared)
        self.feed = Feed(self._source, self.shared, self.hub.apply, self.hub.reset, lambda: self.relay.holds_lease)
        self._endpoint = Endpoint(self.hub, self.roster, self._pen, self._access, lambda: self.as_of)
        self.relay.start()
        self.feed.start()
        self._tasks = [asyncio.create_task(lasting(work)) for work in (self._keep_beating, self._tick, self._hear)]
        self._is_running = True
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await self.feed.is_ready.wait()

    async def drain(self, seconds: float = 3.0) -> None:
        """Hands the relay over, takes nobody in any more and sends everybody elsewhere within `seconds`."""
        if not self._is_running:
            return
        self._endpoint.is_draining = True
        async with self._leaving:
            await self.relay.stop()
            await self.roster.dismiss(seconds)
            await self.presence.leave()

    async def stop(self) -> None:
        """Ends everything, once a drain under way has ended; streams still open are cut."""
        if not self._is_running:
            return
        async with self._leaving:
            pass
        self._is_running = False
        self._endpoint.is_draining = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.relay.stop()
        await self.feed.stop()
        for client in self.roster:
            client.abort()
        self.hub.close()
        await self.shared.close()
        self._source.close()

    @property
    def is_draining(self) -> bool:
        """True from the moment this worker should get no more visitors."""
        return not self._is_running or self._endpoint.is_draining

    @property
    def as_of(self) -> str:
        """RFC 3339 time of the newest heartbeat that came all the way through; empty before the first."""
        beat = self.feed.last_beat
        return datetime.fromtimestamp(beat, UTC).isoformat(timespec="milliseconds") if beat else ""

    def around(self, app: App) -> App:
        """An ASGI app that answers /live/ itself and passes everything else on."""

        async def live(scope: Any, receive: Any, send: Any) -> None:
            if self._is_running and self._endpoint.answers(scope):
                await self._endpoint(scope, receive, send)
            else:
                await app(scope, receive, send)

        return live

    async def draw(self, *bounds: Bound) -> list[Drawn]:
        """Draws regions for a page, each with everything that was written before this call."""
        return list(await asyncio.gather(*map(self.hub.draw, bounds)))

    def envelope(self, drawn: Drawn) -> str:
        """The text that makes htmx morph the region in place."""
        return drawing.envelope(drawn)

    def viewers(self, key: str) -> int:
        """How many streams, on all workers, watch the region with this key."""
        return self.presence.viewers(key)

    async def revoke(self, subject: str) -> None:
        """Asks every stream of this subject again, on every worker: it ends, or narrows to what may still be seen."""
        await self._ask_again(subject)
        with suppress(*Away):
            await self.shared.tell({"revoked": subject})

    async def take(self, key: str, count: int, seconds: int, *, owed: int = 0, wanted: int = 1) -> tuple[int, float]:
        """Quota.take, for all workers together. Raises one of shared.Away, also before the engine runs."""
        if not self._is_running:
            raise ConnectionError("The live engine does not run")
        return await self.shared.quota.take(key, count, seconds, owed=owed, wanted=wanted)

    async def new(self, period: str, group: str, things: Collection[str], seconds: float) -> int:
        """Distinct.new, for all workers together. Raises one of shared.Away, also before the engine runs."""
        if not self._is_running:
            raise ConnectionError("The live engine does not run")
        return await self.shared.distinct.new(period, group, things, seconds)

    async def changes(self, after: str = "") -> AsyncGenerator[list[Change], None]:
        """The log for programs, from after this id or from now on.

        Raises one of shared.Away without Redis, Lost when entries after this id are gone, ValueError for what is no id.
        """
        _, position = await self.shared.state()
        position = Position.parse(after) if after else position
        while not self.is_draining:
            found, _, is_trimmed = await self.shared.read(position)
            if is_trimmed:
                raise Lost("The log no longer reaches back to this id")
            position = found[-1].id if found else position
            yield found

    async def _ask_again(self, subject: str) -> None:
        self._forget(subject)
        self.roster.revocations += 1
        for client in self.roster:
            if subject in self._access.subjects_of(client.viewer):
                await self._check(client)

    async def _check(self, client: Client) -> None:
        """Ends or narrows one stream by what its viewer may see now."""
        viewer = await self._access.again(client.viewer)
        if viewer is None:
            return self._end(client, SIGNED_OUT)
        client.viewer = viewer
        room = client.room
        if room is None:
            return None
        bounds = [easel.bound for easel in room.easels]
        seen, hidden = await sorted_out(bounds, viewer)
        if not seen:
            return self._end(client, NOTHING_LEFT)
        if hidden and client.room is room:
            await self._narrow(client, seen, hidden)
        return None

    async def _narrow(self, client: Client, seen: list[Bound], hidden: list[Bound]) -> None:
        if client.room is None:
            return
        smaller = self.hub.enter(seen)
        shown = dict(zip(client.room.keys, client.room.leave(client), strict=True))
        client.send(Frame(drawing.envelopes(map(self._pen.gone, hidden))))
        smaller.join(client, tuple(shown[key] for key in smaller.keys))
        await self.hub.settle(smaller, tuple(shown[key] for key in smaller.keys))

    def _end(self, client: Client, goodbye: Goodbye) -> None:
        metrics.ended.labels("revoked").inc()
        client.end(goodbye)

    async def _tick(self) -> None:
        """Once a second: presence and the housekeeping."""
        second = 0
        while True:
            await asyncio.sleep(1)
            second += 1
            await _attempted(self.presence.tick(time.time()))
            await _attempted(self._house_keeping(second))

    async def _keep_beating(self) -> None:
        """Heartbeats wait for nothing: a Redis that hangs must not make them late."""
        for second in count():
            await _attempted(self._beat(second))
            await asyncio.sleep(1)

    async def _beat(self, second: int) -> None:
        self.roster.beat(second, self.as_of, is_stale=self.feed.is_stale)

    async def _house_keeping(self, second: int) -> None:
        self.hub.sweep()
        if self.relay.holds_lease:
            metrics.log_length.set(await self.shared.length())
        # Messages between workers can be lost; this finds what they would have said.
        clients = list(self.roster)
        for client in clients[second % ASK_AGAIN_SECONDS :: ASK_AGAIN_SECONDS]:
            if client.session:
                await self._check(client)

    async def _hear(self) -> None:
        """Listens to the other workers."""
        while True:
            with suppress(*Away):
                async with aclosing(self.shared.messages()) as messages:
                    async for message in messages:
                        await _attempted(self._act_on(message))
            await asyncio.sleep(1)

    async def _act_on(self, message: dict[str, str]) -> None:
        if "revoked" in message:
            await self._ask_again(message["revoked"])
        elif "lease" in message:
            self.relay.lease_may_be_free()


async def _attempted(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Away as error:
        log.info("Redis is away: %r", error)
    except Exception:
        log.exception("Housekeeping failed")


async def _always_the_same() -> str:
    """Where one and the same server answers every read."""
    return "the same"


async def _everybody(_: dict[str, Any]) -> None:
    """Lets everybody in, however often."""


async def _as_they_were(viewer: Any) -> Any:
    return viewer
