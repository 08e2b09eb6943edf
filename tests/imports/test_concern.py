"""A calendar that moves or calls off what people come to asks first, and then they are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Browser

from tests.events.making import ANA
from tests.imports.calendars import calendar, entry
from tests.imports.test_importing import NOW, at, counted, imported, the_event
from tests.messages.test_messages import posted
from tests.registrations.making import registers
from tests.registrations.test_pages import html
from tests.team import MANAGE, house
from webapp.imports import store, work
from webapp.imports.record import Import, Manner, State
from webapp.ticket_types import store as ticket_types

MOVED = entry("SEQUENCE:1", start=at(hours=2))


async def with_people(db: Any, *who: str) -> None:
    """A calendar is imported, and somebody registers for what is in it."""
    await imported(entry(start=at()), entry(start=at(1), uid="b@test"))
    for name in who:
        await registers(await ticket_types.offered(await the_event(db)), name)


async def go_on(client: Browser, one: Import, **form: str) -> Import:
    assert (await client.post(f"{MANAGE}/import/{one.id}/go-on", form=form)).status_code == 303
    await work.finish()
    return await store.get(one.organiser_id, one.id)


async def test_who_comes_to_what_a_calendar_moves_is_told_when_somebody_says_so(client: Browser, db: Any) -> None:
    await with_people(db, "ana", "ben")
    before = (await the_event(db)).starts_at
    one = await imported(MOVED, entry(start=at(1), uid="b@test"))
    assert (one.state, one.is_over) == (State.ASKING, False)
    page = await html(client, f"{MANAGE}/import/{one.id}")
    assert "1 event is at another time or in another place. 2 people registered for it." in page
    assert "Go on, and tell 2 people" in page
    assert "Waits for your answer" in await html(client, f"{MANAGE}/import")
    assert (await the_event(db)).starts_at == before
    assert await posted(db) == []
    done = await go_on(client, one)
    assert (done.state, done.told, counted(done)) == (State.DONE, 2, {"changed": 1, "same": 1})
    assert await posted(db) == ["ana@example.org", "ben@example.org"]
    assert "2 people</td><td>told by mail" in await html(client, f"{MANAGE}/import/{one.id}")


async def test_one_may_go_on_without_telling_of_a_move_but_not_of_an_end(client: Browser, db: Any) -> None:
    await with_people(db, "ana")
    await registers(await ticket_types.offered(await the_event(db, "b@test")), "ben")
    one = await imported(MOVED)
    assert "tell only 1 person of what is called off" in await html(client, f"{MANAGE}/import/{one.id}")
    done = await go_on(client, one, quiet="yes")
    assert (done.state, done.told) == (State.DONE, 1)
    assert await posted(db) == ["ben@example.org"]


async def test_what_is_dropped_changes_nothing_and_can_be_answered_once(client: Browser, db: Any) -> None:
    await with_people(db, "ana")
    one = await imported(MOVED, entry(start=at(1), uid="b@test"))
    path = f"{MANAGE}/import/{one.id}"
    assert (await client.post(f"{path}/drop")).status_code == 303
    assert "Nothing was imported" in await html(client, path)
    assert [(await client.post(f"{path}/{how}")).status_code for how in ("drop", "go-on")] == [409, 409]
    assert await posted(db) == []
    assert await db.import_files.count_documents({}) == 0
    actions = [record["action"] async for record in db.records.find({"subject.id": one.id}).sort("at", 1)]
    assert sorted(actions) == ["began", "could not import"]


@pytest.mark.usefixtures("connection")
async def test_without_an_answer_it_ends_after_a_week(db: Any) -> None:
    await with_people(db, "ana")
    one = await imported(MOVED)
    assert await store.claim(datetime.now(UTC) + timedelta(days=6)) is None
    late = await store.claim(datetime.now(UTC) + store.ANSWER_WITHIN + timedelta(minutes=1))
    assert late
    await work.carry_out(late)
    ended = await store.get(one.organiser_id, one.id)
    assert (ended.state, ended.reason) == (State.FAILED, store.UNANSWERED)
    assert (await the_event(db)).version == 1


@pytest.mark.usefixtures("connection")
async def test_what_concerns_nobody_is_not_asked(db: Any) -> None:
    await with_people(db)
    assert (await imported(MOVED, entry(start=at(1), uid="b@test"))).state is State.DONE
    await registers(await ticket_types.offered(await the_event(db)), "ana")
    renamed = entry("SEQUENCE:2", title="Late concert", start=at(hours=2))
    assert (await imported(renamed, entry(start=at(1), uid="b@test"))).state is State.DONE
    assert await posted(db) == []


@pytest.mark.usefixtures("connection")
async def test_a_command_asks_nobody_and_tells(db: Any) -> None:
    await with_people(db, "ana")
    for how, told in ((Manner(asks=False, is_quiet=True), []), (Manner(asks=False), ["ana@example.org"])):
        hours = 3 if how.is_quiet else 4
        parts = entry(f"SEQUENCE:{hours}", start=at(hours=hours)), entry(start=at(1), uid="b@test")
        added = await store.add((await house()).id, calendar(*parts), origin="city.ics", by=ANA, now=NOW, how=how)
        claimed = await store.claim(NOW, added.id)
        assert claimed
        await work.carry_out(claimed)
        assert (await store.get(added.organiser_id, added.id)).state is State.DONE
        assert await posted(db) == told
