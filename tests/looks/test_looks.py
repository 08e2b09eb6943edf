"""Looks are counted once a visitor and hour, of people alone, and nothing about anybody is kept."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client
from redis.asyncio import Redis

from realtime.distinct import hashed
from tests.events.making import kept, shown
from tests.team import browser, house, joined, somebody
from webapp import database, embedded
from webapp.database import Database
from webapp.events.event import Event
from webapp.looks import store
from webapp.looks.counting import Looks
from webapp.looks.look import Spot, is_somebodys, spot
from webapp.organisers.organiser import Role

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari"
PROGRAMS = [
    "",
    "curl/8.5.0",
    "python-httpx/0.28",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/141.0 Safari/537.36",
]


@pytest.fixture
async def redis(servers: embedded.Addresses) -> AsyncIterator[Redis]:
    async with Redis.from_url(servers.redis_url) as client:
        yield client


async def looks_at(client: Client, event: Event, agent: str = FIREFOX, **more: str) -> None:
    assert (await client.get(event.path, headers={"User-Agent": agent, **more})).status_code == 200


async def counted(app: Quart, event: Event) -> int:
    await app.extensions["looks"].write()
    return await store.total(event.id)


async def test_who_looks_again_within_the_hour_is_one(app: Quart, visitor: Client) -> None:
    jazz, choir = await shown(), await shown(title="Choir")
    for _ in range(3):
        await looks_at(visitor, jazz)
    assert await counted(app, jazz) == 1
    await looks_at(visitor, jazz)
    await looks_at(visitor, jazz, PHONE)
    await looks_at(visitor, choir)
    assert (await counted(app, jazz), await counted(app, choir)) == (2, 1)


async def test_two_workers_count_one_visitor_once(app: Quart, db: Database) -> None:
    event, others = await shown(), Looks(app.extensions["live"].new)
    here = spot(event.id, event.organiser_id, datetime.now(UTC))
    for worker in (app.extensions["looks"], others):
        worker.note(here, "203.0.113.7 Firefox")
        await worker.write()
    others.note(here, "203.0.113.8 Firefox")
    await others.write()
    assert await store.total(event.id) == 2


async def test_programs_and_pages_fetched_ahead_are_not_counted(app: Quart, visitor: Client) -> None:
    event = await shown()
    for agent in PROGRAMS:
        await looks_at(visitor, event, agent)
    await looks_at(visitor, event, **{"Sec-Purpose": "prefetch;prerender"})
    await visitor.head(event.path, headers={"User-Agent": FIREFOX})
    assert await counted(app, event) == 0
    assert is_somebodys(PHONE)


async def test_the_team_and_its_drafts_are_not_counted(app: Quart, client: Client) -> None:
    event, draft = await shown(), await kept(title="Draft")
    helper = await browser(app, await joined(await house(), await somebody("dora"), Role.DOOR))
    stranger = await browser(app, await somebody("ben"))
    await looks_at(client, event)
    await looks_at(client, draft)
    await looks_at(helper, event)
    assert (await counted(app, event), await counted(app, draft)) == (0, 0)
    await looks_at(stranger, event)
    assert await counted(app, event) == 1


async def test_nothing_about_a_visitor_is_kept(app: Quart, visitor: Client, db: Database, redis: Redis) -> None:
    event, before = await shown(), set(await redis.keys("*"))
    answer = await visitor.get(event.path, headers={"User-Agent": FIREFOX})
    assert "Set-Cookie" not in answer.headers
    assert await counted(app, event) == 1
    assert set(await db.looks.find_one({}) or {}) == {"_id", "organiser_id", "event_id", "day", "count", "hours"}
    left = [key for key in await redis.keys("*:distinct:*") if key not in before or event.id.encode() in key]
    assert left
    for key in left:
        assert 0 < await redis.pttl(key) <= 3_630_000
        assert b"127.0.0.1" not in await redis.get(key)


def test_an_hour_later_the_same_visitor_has_another_hash() -> None:
    assert hashed(b"key of one hour", "jazz 203.0.113.7 Firefox") != hashed(b"of the next", "jazz 203.0.113.7 Firefox")


async def test_without_redis_each_worker_knows_its_own_visitors(db: Database) -> None:
    async def away(*_: Any) -> int:
        raise ConnectionError("Redis is away")

    event, looks = await shown(), Looks(away)
    here = spot(event.id, event.organiser_id, datetime.now(UTC))
    for visitor in ("ana", "ben", "ana"):
        looks.note(here, visitor)
        await looks.write()
    assert await store.total(event.id) == 2


async def test_without_the_database_looks_wait(app: Quart, db: Database, servers: embedded.Addresses) -> None:
    event, looks = await shown(), Looks(app.extensions["live"].new)
    looks.note(spot(event.id, event.organiser_id, datetime.now(UTC)), "ana")
    away = database.connect(servers.mongodb_uri, "turnout_away")
    away.client.close()
    await looks.write()
    database.close()
    assert await store.total(event.id) == 0
    await looks.write()
    assert await store.total(event.id) == 1


async def test_a_burst_is_one_write(app: Quart, db: Database) -> None:
    event, looks = await shown(), Looks(app.extensions["live"].new)
    here = spot(event.id, event.organiser_id, datetime.now(UTC))
    for number in range(2_500):
        looks.note(here, f"visitor {number}")
    before = (await db.command("serverStatus"))["opcounters"]["update"]
    await looks.write()
    assert (await db.command("serverStatus"))["opcounters"]["update"] - before < 20
    assert abs(await store.total(event.id) - 2_500) < 125


async def test_a_moment_is_told_with_its_hour(db: Database) -> None:
    event, noon = await shown(), datetime(2030, 5, 3, 12, tzinfo=UTC)
    hours = {-24: 1, -1: 10, 0: 100, 1: 1_000, 24: 10_000}
    for hour, count in hours.items():
        await store.add({Spot(event.id, event.organiser_id, noon + timedelta(hours=hour)): count})
    assert await store.total(event.id) == 11_111
    assert await store.total(event.id, noon + timedelta(minutes=20)) == 111
    assert await store.total(event.id, noon - timedelta(minutes=1)) == 11
    assert await store.total(event.id, noon - timedelta(days=2)) == 0
