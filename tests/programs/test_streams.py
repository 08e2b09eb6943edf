"""Live streams that programs open: with a token in a header, or with a ticket; they end with what they came in with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import websockets
from quart import Quart
from websockets import ClientConnection, Origin

from realtime import server as live_server
from tests.conftest import SECRET
from tests.programs.conftest import CURRENT, TICKETS, Make, Program
from tests.serving import served
from tests.team import browser, house, joined, somebody
from webapp import database, embedded
from webapp.app import create_app
from webapp.database import Database
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.people import store as people
from webapp.people.person import Account
from webapp.programs import access_token, families, live
from webapp.settings import Settings

SECONDS = 2
# Long enough to sign in and open a stream on a busy machine.
LASTS = 3.5
FRIEND = "https://app.example.org"


@dataclass
class Worker:
    """A worker of Turnout, served in this process on a port of its own."""

    app: Quart
    port: int

    async def opens(self, *bounds: live.Bound, token: str = "", query: str = "", origin: str = "") -> ClientConnection:
        """A WebSocket as a program or a page elsewhere opens it, greeted."""
        drawn = await self.app.extensions["live"].draw(*bounds)
        asked = "~".join(f"{one.key}.{one.signature}.{one.version}" for one in drawn)
        stream = await websockets.connect(
            f"ws://127.0.0.1:{self.port}/live/ws?r={asked}{query}",
            additional_headers={"Authorization": f"Bearer {token}"} if token else {},
            origin=Origin(origin) if origin else None,
        )
        with contextlib.suppress(websockets.ConnectionClosed):
            assert "hello" in str(await stream.recv())
        return stream

    async def refuses(self, *bounds: live.Bound, **how: Any) -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await self.opens(*bounds, **how)
        return refused.value.response.status_code


async def ending(stream: ClientConnection, seconds: float = SECONDS) -> int | None:
    """The code with which a stream is closed."""
    async with asyncio.timeout(seconds):
        await stream.wait_closed()
    return stream.close_code


@pytest.fixture(scope="module")
async def workers(
    servers: embedded.Addresses, connection: database.Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Worker]]:
    """Two workers of one Turnout."""
    given = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url, "cors_origins": FRIEND}
    var = Path(tmp_path_factory.mktemp("var"))
    live_server.install()
    async with AsyncExitStack() as stack:
        yield [
            await _served(create_app(Settings(**given, database=connection.name, secret=SECRET, var=var)), stack)
            for _ in range(2)
        ]


async def _served(app: Quart, stack: AsyncExitStack) -> Worker:
    return Worker(app, await served(app, stack))


@pytest.fixture
def worker(workers: list[Worker], db: Database) -> Worker:
    return workers[0]


@pytest.fixture
def program(worker: Worker) -> Program:
    return Program(worker.app)


async def test_a_token_in_the_header_opens_a_stream_without_an_origin(
    worker: Worker, program: Program, ana: Account, token_of: Make
) -> None:
    await program.signs_in(ana)
    async with await worker.opens(live.my_tokens(ana.id), token=program.token) as stream:
        await token_of(ana)
        assert "Scanner" in str(await stream.recv())


async def test_without_the_header_a_stream_needs_its_origin(worker: Worker, ana: Account) -> None:
    assert await worker.refuses(live.my_tokens(ana.id)) == 403


async def test_a_program_sees_what_the_person_may_see_and_no_more(
    worker: Worker, program: Program, ana: Account
) -> None:
    await program.signs_in(ana)
    ben = await somebody("ben")
    assert await worker.refuses(live.my_tokens(ben.id), token=program.token) == 403


async def test_an_organisers_token_sees_the_team_s_and_not_its_makers(worker: Worker, organisers_token: Make) -> None:
    organiser, olive = await house(), await somebody("olive")
    token = await organisers_token(olive, Role.MANAGER)
    async with await worker.opens(live.organiser_tokens(organiser.id, organiser.slug), token=token):
        pass
    assert await worker.refuses(live.my_tokens(olive.id), token=token) == 403


async def test_a_bad_token_is_refused_with_a_status_and_never_falls_back_to_a_cookie(
    worker: Worker, ana: Account
) -> None:
    client = await browser(worker.app, ana)
    assert client.cookie_jar is not None
    cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookie_jar)
    drawn = await worker.app.extensions["live"].draw(live.my_tokens(ana.id))
    query = f"r={drawn[0].key}.{drawn[0].signature}."
    for status, headers in ((200, {}), (401, {"Authorization": "Bearer nothing"})):
        answer = await worker.app.test_client().get(f"/live/poll?{query}", headers={"Cookie": cookie, **headers})
        assert answer.status_code == status
    assert await worker.refuses(live.my_tokens(ana.id), token="nothing") == 401


async def test_a_token_is_no_proof_in_the_address(worker: Worker, ana: Account, token_of: Make) -> None:
    token = await token_of(ana)
    for name in ("token", "access_token", "ticket"):
        assert await worker.refuses(live.my_tokens(ana.id), query=f"&{name}={token}") == 403


async def test_reading_takes_its_scope(worker: Worker, ana: Account, token_of: Make) -> None:
    assert await worker.refuses(live.my_tokens(ana.id), token=await token_of(ana, "write")) == 403


async def test_a_stream_ends_when_its_token_runs_out(
    worker: Worker, program: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "LASTS", timedelta(seconds=LASTS))
    began = datetime.now(UTC)
    await program.signs_in(ana)
    stream = await worker.opens(live.my_tokens(ana.id), token=program.token)
    assert await ending(stream, LASTS + SECONDS) == 4401
    assert datetime.now(UTC) - began > timedelta(seconds=0.4)


async def test_without_its_timer_the_stream_would_stay(
    worker: Worker, program: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "LASTS", timedelta(seconds=LASTS))
    monkeypatch.setattr("realtime.client.Client.end_in", lambda *_: None)
    await program.signs_in(ana)
    stream = await worker.opens(live.my_tokens(ana.id), token=program.token)
    with pytest.raises(TimeoutError):
        await ending(stream, LASTS + SECONDS)
    await stream.close()


async def sign_out(program: Program, _: Account) -> None:
    await program.asks("DELETE", CURRENT)


async def steal_the_refresh_token(program: Program, _: Account) -> None:
    stolen = program.refresh_token
    await program.refreshes()
    await Program(program.app).refreshes(stolen)


async def sign_out_on_the_account_page(program: Program, ana: Account) -> None:
    client = await browser(program.app, ana)
    session_id = (await database.db().sessions.find_one({"key": {"$regex": "^program"}}))["_id"]
    assert (await client.post(f"/me/devices/{session_id}/end")).status_code == 303


ENDINGS: list[Callable[[Program, Account], Awaitable[None]]]
ENDINGS = [sign_out, steal_the_refresh_token, sign_out_on_the_account_page]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_no_stream_outlives_its_family_on_any_worker(
    workers: list[Worker],
    program: Program,
    ana: Account,
    end: Callable[[Program, Account], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(families, "RETRY", timedelta(0))
    await program.signs_in(ana)
    streams = [await worker.opens(live.my_tokens(ana.id), token=program.token) for worker in workers]
    await end(program, ana)
    assert [await ending(stream) for stream in streams] == [4401, 4401]
    assert await workers[1].refuses(live.my_tokens(ana.id), token=program.token) == 401


async def test_a_family_that_ends_while_its_stream_is_opened_opens_none(
    worker: Worker, program: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    await program.signs_in(ana)
    hub = worker.app.extensions["live"].hub
    settle = hub.settle

    async def slowly(*given: Any) -> None:
        await sign_out(program, ana)
        await settle(*given)

    monkeypatch.setattr(hub, "settle", slowly)
    assert await worker.refuses(live.my_tokens(ana.id), token=program.token) == 401


async def test_no_stream_outlives_its_api_token(workers: list[Worker], ana: Account, token_of: Make) -> None:
    token, client = await token_of(ana), await browser(workers[0].app, ana)
    direct = await workers[1].opens(live.my_tokens(ana.id), token=token)
    exchanged = Program(workers[0].app)
    await exchanged.gets_tokens(api_token=token)
    streams = [direct, await workers[0].opens(live.my_tokens(ana.id), token=exchanged.token)]
    token_id = (await database.db().api_tokens.find_one())["_id"]
    assert (await client.post(f"/me/tokens/{token_id}/revoke")).status_code == 303
    assert [await ending(stream) for stream in streams] == [4401, 4401]


async def test_no_stream_of_an_organiser_outlives_its_makers_place_in_the_team(
    workers: list[Worker], organisers_token: Make
) -> None:
    organiser, olive = await house(), await somebody("olive")
    ben = await joined(organiser, await somebody("ben"), Role.MANAGER)
    token = await organisers_token(ben, Role.MANAGER)
    bound = live.organiser_tokens(organiser.id, organiser.slug)
    stream = await workers[1].opens(bound, token=token)
    client = await browser(workers[0].app, olive)
    assert (await client.post(f"/manage/{organiser.slug}/team/{ben.id}/remove")).status_code == 303
    assert await ending(stream) == 4401
    assert await organisers.role_of(organiser.id, ben.id) is None


async def ticket(program: Program) -> str:
    answer = await program.asks("POST", TICKETS)
    assert (answer.status, answer.said["expires_in"]) == (201, 30)
    return str(answer.said["ticket"])


async def test_a_ticket_opens_a_stream_of_a_site_that_was_named_once(
    workers: list[Worker], program: Program, ana: Account
) -> None:
    await program.signs_in(ana)
    query = f"&ticket={await ticket(program)}"
    async with await workers[1].opens(live.my_tokens(ana.id), query=query, origin=FRIEND):
        for worker in workers:
            again = await worker.opens(live.my_tokens(ana.id), query=query, origin=FRIEND)
            assert await ending(again) == 4401


async def test_two_who_bring_one_ticket_at_once_are_one(workers: list[Worker], program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    query = f"&ticket={await ticket(program)}"
    opening = (worker.opens(live.my_tokens(ana.id), query=query, origin=FRIEND) for worker in workers * 3)
    streams = await asyncio.gather(*opening)
    await asyncio.sleep(0.3)
    assert sorted(stream.close_code or 0 for stream in streams) == [0, *[4401] * 5]
    for stream in streams:
        await stream.close()


async def test_a_ticket_is_nothing_to_a_site_that_was_not_named(worker: Worker, program: Program, ana: Account) -> None:
    await program.signs_in(ana)
    query = f"&ticket={await ticket(program)}"
    for origin in (
        "https://evil.example",
        "null",
        "http://app.example.org",
        "https://app.example.org.evil.example",
        "",
    ):
        assert await worker.refuses(live.my_tokens(ana.id), query=query, origin=origin) == 403
    async with await worker.opens(live.my_tokens(ana.id), query=query, origin=FRIEND):
        pass


async def test_a_named_site_without_a_ticket_sees_nothing(worker: Worker, ana: Account) -> None:
    assert await worker.refuses(live.my_tokens(ana.id), origin=FRIEND) == 403


async def test_a_ticket_is_too_old_after_half_a_minute_or_when_its_person_is_gone(
    worker: Worker, program: Program, ana: Account, db: Database
) -> None:
    await program.signs_in(ana)
    old, orphaned = await ticket(program), ""
    await db.stream_tickets.update_many({}, {"$set": {"expires_at": datetime.now(UTC)}})
    orphaned = await ticket(program)
    await people.delete(ana, now=datetime.now(UTC))
    for brought in (old, orphaned):
        stream = await worker.opens(live.my_tokens(ana.id), query=f"&ticket={brought}", origin=FRIEND)
        assert await ending(stream) == 4401


async def test_a_ticket_s_stream_ends_with_the_token_that_it_was_got_with(
    worker: Worker, program: Program, ana: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_token, "LASTS", timedelta(seconds=LASTS))
    await program.signs_in(ana)
    query = f"&ticket={await ticket(program)}"
    stream = await worker.opens(live.my_tokens(ana.id), query=query, origin=FRIEND)
    assert await ending(stream, LASTS + SECONDS) == 4401


async def test_a_page_of_a_named_site_may_call_the_api_but_carries_no_cookie(worker: Worker, ana: Account) -> None:
    client = await browser(worker.app, ana)
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    allowed = await client.options(TICKETS, headers=asked)
    assert allowed.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    assert "POST" in allowed.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    assert (await client.post(TICKETS, headers={"Origin": FRIEND})).status_code == 401
    assert (await client.post("/me/name", form={"name": "Eve"}, headers={"Origin": FRIEND})).status_code == 403
