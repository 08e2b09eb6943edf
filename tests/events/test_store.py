from asyncio import gather
from datetime import UTC, datetime, timedelta

import pytest

from tests.events.making import ANA, BEN, again
from tests.team import house
from webapp import database
from webapp.events import finding, store
from webapp.events.event import Details, Event, Phase, State
from webapp.events.search import Search

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def details(**more: object) -> Details:
    return Details.model_validate(
        {"title": "Jazz", "starts": "2026-05-03T20:00", "ends": "2026-05-03T22:00", "zone": "Europe/Berlin", **more}
    )


async def made(**more: object) -> Event:
    return await store.create((await house()).id, details(**more), now=NOW, by=ANA)


async def shown(**more: object) -> Event:
    return await store.publish(await made(**more), by=ANA, now=NOW)


async def test_an_event_comes_back_as_it_was_kept(db: database.Database) -> None:
    event = await made(tags="jazz, live", capacity=80, latitude=52.5, longitude=13.4, doors="2026-05-03T19:00")
    assert await again(event) == event
    assert event.starts_at == datetime(2026, 5, 3, 18, tzinfo=UTC)


async def test_two_events_of_one_title_have_two_addresses(db: database.Database) -> None:
    events = await gather(*[made() for _ in range(5)])
    assert len({event.path for event in events}) == 5


async def test_the_address_stays_when_the_title_changes(db: database.Database) -> None:
    event = await made()
    after = await store.edit(event, details(title="Blues"), version=1, by=ANA, now=NOW)
    assert (after.slug, after.title, after.version) == (event.slug, "Blues", 2)


async def test_the_second_of_two_editors_is_told_what_the_first_changed(db: database.Database) -> None:
    event = await made()
    await store.edit(event, details(title="Blues"), version=1, by=ANA, now=NOW)
    with pytest.raises(store.Edited) as conflict:
        await store.edit(event, details(summary="Late"), version=1, by=BEN, now=NOW)
    assert conflict.value.before.title == "Jazz"
    assert conflict.value.theirs.title == "Blues"


async def test_of_two_edits_at_once_one_is_kept(db: database.Database) -> None:
    event = await made()
    edits = [store.edit(event, details(title=f"T{n}"), version=1, by=ANA, now=NOW) for n in range(4)]
    answers = await gather(*edits, return_exceptions=True)
    assert sum(isinstance(answer, Event) for answer in answers) == 1
    assert (await again(event)).version == 2


async def test_an_edit_does_not_undo_what_others_decided(db: database.Database) -> None:
    event = await made()
    await store.publish(event, by=ANA, now=NOW)
    after = await store.edit(event, details(title="Blues"), version=1, by=ANA, now=NOW)
    assert (await again(after)).state is State.PUBLISHED


async def test_a_deleted_event_can_be_brought_back(db: database.Database) -> None:
    event = await shown()
    await store.delete(event, by=ANA, now=NOW)
    assert not (await finding.upcoming(Search())).events
    await store.restore(event, by=ANA, now=NOW)
    assert [one.id for one in (await finding.upcoming(Search())).events] == [event.id]


@pytest.mark.parametrize(
    "search",
    [
        Search(text="jazz"),
        Search(text="klub"),
        Search(tag="live"),
        Search(place="klub"),
        Search(day=datetime(2026, 5, 3).date()),  # noqa: DTZ001
    ],
)
async def test_an_event_is_found_by_what_it_says(db: database.Database, search: Search) -> None:
    wanted = await shown(tags="live", place_name="Der Klub", language="xx")
    await shown(title="Chess", starts="2026-05-09T10:00", ends="2026-05-09T12:00", place_name="Library")
    assert [one.id for one in (await finding.upcoming(search)).events] == [wanted.id]


async def test_paging_neither_repeats_nor_hides_while_events_are_added(db: database.Database) -> None:
    wanted = {(await shown(starts=f"2026-05-0{1 + n % 9}T2{n % 4}:00", ends="2026-05-12T10:00")).id for n in range(60)}
    first = await finding.upcoming(Search())
    await shown(starts="2026-05-01T20:30", ends="2026-05-12T10:00")
    second = await finding.upcoming(Search(after=first.after or ""))
    found = [one.id for one in first.events + second.events]
    assert len(found) == len(set(found))
    assert set(found) == wanted


async def test_time_turns_an_event_on_and_over(db: database.Database) -> None:
    event = await shown()
    phases = []
    for at in (event.starts_at - timedelta(seconds=1), event.starts_at, event.ends_at):
        await store.turn(at)
        phases.append((await again(event)).phase)
    assert phases == [Phase.UPCOMING, Phase.ON_NOW, Phase.OVER]


async def test_a_month_has_the_events_that_touch_it(db: database.Database) -> None:
    inside = await shown()
    across = await shown(starts="2026-04-28T20:00", ends="2026-05-02T02:00")
    await shown(starts="2026-07-28T20:00", ends="2026-07-29T02:00")
    found = await finding.in_month(datetime(2026, 5, 1), Search())  # noqa: DTZ001
    assert [one.id for one in found] == [across.id, inside.id]


async def test_what_is_over_stands_apart_the_latest_first(db: database.Database) -> None:
    coming = await made()
    over = [await made(starts=f"2026-04-{day}T20:00", ends=f"2026-04-{day}T22:00") for day in (10, 20)]
    assert [one.id for one in (await finding.kept((await house()).id, Search())).events] == [coming.id]
    assert [one.id for one in (await finding.kept((await house()).id, Search(when="past"))).events] == [
        over[1].id,
        over[0].id,
    ]
