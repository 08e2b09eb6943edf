"""The door at the product itself: two programs on one database, as two pods are."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.door.making import AtTheDoor, linked
from tests.product import Program, running
from webapp import embedded
from webapp.database import Database, db, new_id
from webapp.door import counts
from webapp.door.checkin import Ticket

TIMES = 100
Phone = httpx.AsyncClient


class Two:
    """Two programs, and a phone at each."""

    def __init__(self, programs: list[Program], phones: list[Phone]) -> None:
        self.programs, self.phones = programs, phones


@pytest.fixture
async def two(
    at_the_door: AtTheDoor, servers: embedded.Addresses, connection: Database, app: object, tmp_path: Path
) -> AsyncIterator[Two]:
    urls = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url}
    own = {**urls, "TURNOUT_DATABASE": connection.name, "WORKERS": "1"}
    link = await linked(at_the_door, may_force="true")
    with ExitStack() as stack:
        programs = [running(tmp_path / name, **own) for name in ("one", "other")]
        started = await asyncio.gather(*(asyncio.to_thread(stack.enter_context, one) for one in programs))
        phones = [Phone(base_url=address, trust_env=False, timeout=30) for _, address in started]
        for number, phone in enumerate(phones):
            assert (await phone.post(link.path, data={"name": f"Phone {number}"})).status_code == 303
        yield Two([program for program, _ in started], phones)
        for phone in phones:
            await phone.aclose()


async def scan(phone: Phone, ticket: Ticket, nonce: str = "") -> str:
    told = await phone.post(
        "/door/scan", data={"code": ticket.secret, "nonce": nonce or new_id()}, headers={"HX-Request": "true"}
    )
    return " ".join(re.sub(r"<[^>]+>", " ", told.text).split())


async def test_two_programs_let_one_in_a_hundred_times_and_name_the_other(at_the_door: AtTheDoor, two: Two) -> None:
    heard: Counter[str] = Counter()
    for ticket in await at_the_door.sold(*[f"Guest {number}" for number in range(TIMES)]):
        told = await asyncio.gather(*(scan(phone, ticket) for phone in two.phones))
        (first,) = [number for number, one in enumerate(told) if one.startswith("Welcome")]
        assert re.match(rf"Already in .* ago, by Phone {first}", told[1 - first])
        heard[f"Phone {first}"] += 1
    assert sum(heard.values()) == TIMES
    assert (await counts.numbers(at_the_door.event.id)).inside == TIMES


async def test_what_a_killed_program_did_not_answer_is_scanned_again_at_the_other(
    at_the_door: AtTheDoor, two: Two
) -> None:
    sold = await at_the_door.sold(*[f"Guest {number}" for number in range(60)])
    nonces = {ticket.id: new_id() for ticket in sold}
    dying = two.phones[0]

    async def tried(ticket: Ticket) -> str:
        try:
            return await scan(dying, ticket, nonces[ticket.id])
        except httpx.HTTPError:
            return ""

    async def kills() -> None:
        while await db().checkins.count_documents({}) < 10:
            await asyncio.sleep(0.002)
        two.programs[0].kill()

    async def scans(tickets: list[Ticket]) -> list[str]:
        return [await tried(ticket) for ticket in tickets]

    _, *told = await asyncio.gather(kills(), scans(sold[::2]), scans(sold[1::2]))
    assert any("" in one for one in told)
    # The same phone, at the program that is left: it is known by its cookie.
    again = Phone(base_url=two.phones[1].base_url, cookies=dying.cookies, trust_env=False, timeout=30)
    async with again:
        answers = [await scan(again, ticket, nonces[ticket.id]) for ticket in sold]
    assert all(one.startswith("Welcome") for one in answers)
    assert await db().checkins.count_documents({}) == 60
    assert (await counts.numbers(at_the_door.event.id)).inside == 60
