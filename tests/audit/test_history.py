"""Every change leaves a record with it: who, when, from where, before and after; and managers read it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.events.making import ANA, kept, shown, typed
from tests.imports.calendars import entry
from tests.imports.test_importing import at, imported
from tests.organisers.world import made
from tests.team import MANAGE, NOW, acting, browser, founded, house, joined, somebody
from webapp.audit import store as audit
from webapp.audit.record import Record
from webapp.audit.search import Search
from webapp.database import Database
from webapp.errors import Conflict
from webapp.events import store as events
from webapp.events.event import Details
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Profile, Role
from webapp.people import store as people

pytestmark = pytest.mark.usefixtures("db")


async def history(organiser_id: str, **search: Any) -> list[Record]:
    """The latest first."""
    return (await audit.found(organiser_id, Search(**search))).records


async def text(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return str(await answer.get_data(as_text=True))


async def test_an_edit_says_who_from_where_and_what_stood_there(client: Client) -> None:
    event = await kept(title="Jazz")
    await client.post(f"{event.path}/edit", form=typed(title="Blues", version="1"))
    last = (await history(event.organiser_id))[0]
    assert (last.who, last.sentence, last.actor.via) == ("Olive", "changed “Blues”", "page")
    assert (last.before, last.after) == ({"title": "Jazz"}, {"title": "Blues"})
    assert last.actor.address


async def test_every_way_to_change_an_event_is_recorded_once() -> None:
    event = await shown()
    deeds = [events.unpublish, events.publish, events.cancel, events.cancel, events.delete, events.restore]
    for deed in deeds:
        event = await deed(event, by=ANA, now=NOW)
    acts = sorted(one.action for one in await history(event.organiser_id, event=event.id))
    assert acts == sorted(
        ["created", "published", "unpublished", "published", "cancelled", "deleted", "brought back"]
    ), "a second cancelling changes nothing, so it is no act"


async def test_a_change_that_does_not_happen_leaves_no_record() -> None:
    event, details = await kept(), Details.model_validate(typed(title="Blues"))
    await events.edit(event, details, version=1, by=ANA, now=NOW)
    with pytest.raises(events.Edited):
        await events.edit(event, details, version=1, by=ANA, now=NOW)
    ours, olive = await house(), await somebody("olive")
    with pytest.raises(Conflict):
        await organisers.leave(ours.id, by=acting(olive), now=NOW)
    actions = [one.action for one in await history(ours.id)]
    assert actions.count("edited") == 1
    assert "left" not in actions


async def test_a_record_that_cannot_be_written_takes_the_change_back(monkeypatch: pytest.MonkeyPatch) -> None:
    event = await kept(title="Jazz")

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no")

    monkeypatch.setattr(audit, "record", broken)
    with pytest.raises(ValueError, match="no"):
        await events.edit(event, Details.model_validate(typed(title="Blues")), version=1, by=ANA, now=NOW)
    assert (await events.get(event.organiser_id, event.id)).title == "Jazz"


async def test_the_teams_story_is_told() -> None:
    ours, olive = await house(), await somebody("olive")
    ben = await joined(ours, await somebody("ben"), Role.DOOR)
    await organisers.appoint(ours.id, ben.id, Role.EDITOR, by=acting(olive), now=NOW + timedelta(1))
    await organisers.describe(ours.id, Profile(name="House", about="Hi"), by=acting(olive), now=NOW + timedelta(2))
    await organisers.remove(ours.id, ben.id, by=acting(olive), now=NOW + timedelta(3))
    told = [f"{one.who} {one.sentence}" for one in await history(ours.id)][:3]
    assert told[0] == "Olive took “Ben” out of the team"
    assert told[1] == "Olive changed what “The House” says of itself"
    assert told[2] == "Olive gave “Ben” another role"


async def test_an_import_is_recorded_event_by_event(client: Client, db: Database) -> None:
    await imported(entry(start=at()))
    acts = [(one.action, one.actor.via) for one in await history((await house()).id)]
    assert ("created", "import") in acts
    assert ("imported", "import") in acts


async def test_an_account_that_is_deleted_is_named_nowhere() -> None:
    ours = await house()
    ben = await joined(ours, await somebody("ben"), Role.MANAGER)
    await organisers.describe(ours.id, Profile(name="House"), by=acting(ben, "203.0.113.9"), now=NOW)
    await people.delete(ben, now=NOW)
    kept = repr([one.model_dump() for one in await history(ours.id)])
    assert "Ben" not in kept
    assert "203.0.113.9" not in kept
    assert "Somebody whose account is deleted" in [one.who for one in await history(ours.id)]


async def test_no_secret_is_in_any_record(app: Quart, db: Database) -> None:
    """After everything that can be done was done, no record holds what the people's documents keep secret."""
    world = await made()
    secrets = {one["password"] for one in await db.people.find().to_list(None)} | set(world.ids.values())
    secrets |= {one["key"] for one in await db.sessions.find().to_list(None)} | {"@example.org"}
    records = repr([one["before"] | one["after"] for one in await db.records.find().to_list(None)])
    assert records
    assert [one for one in secrets if one and one in records] == []


async def test_pages_follow_each_other_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 3)
    event = await kept()
    for number in range(7):
        await events.publish(event, by=ANA, now=NOW)
        event = await events.unpublish(event, by=ANA, now=NOW + timedelta(seconds=number))
    found, after = [], ""
    while after is not None:
        page = await audit.found(event.organiser_id, Search(after=after))
        found += [one.id for one in page.records]
        after = page.after  # type: ignore[assignment]
    assert (
        len(found) == len(set(found)) == await audit.db().records.count_documents({"organiser_id": event.organiser_id})
    )


async def test_filters_narrow_it(client: Client) -> None:
    event, other = await kept(title="Jazz"), await kept(title="Blues")
    page = await text(client, f"{MANAGE}/audit?event={event.id}")
    assert "Jazz" in page
    assert "Blues" not in page
    assert "Nothing matches" in await text(client, f"{MANAGE}/audit?kind=import")
    assert "Nothing matches" in await text(client, f"{MANAGE}/audit?until=2001-01-01")
    assert other.title in await text(client, f"{MANAGE}/audit?who=ana&kind=event&since={NOW.date()}")


@pytest.mark.parametrize("query", ["kind=$gt", "since=soon", "until=9999-12-31", "after=x", "who={}", "kind[$ne]=x"])
async def test_a_filter_that_makes_no_sense_is_left_out(client: Client, query: str) -> None:
    assert "founded" in await text(client, f"{MANAGE}/audit?{query}")


async def test_the_file_has_every_record_and_no_formula(client: Client) -> None:
    event = await kept(title="=1+1")
    await events.edit(event, Details.model_validate(typed(title="@x")), version=1, by=ANA, now=NOW)
    rows = list(csv.DictReader(io.StringIO(await text(client, f"{MANAGE}/audit.csv?event={event.id}"))))
    assert [row["what"] for row in rows] == ["changed “@x”", "created “=1+1”"] or len(rows) == 2
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "@", "+", "-"))]


async def test_managers_read_it_and_nobody_else(app: Quart, client: Client) -> None:
    ours = await house()
    statuses = {}
    for role in (Role.EDITOR, Role.MANAGER):
        one = await browser(app, await joined(ours, await somebody(role), role))
        statuses[role] = (await one.get(f"{MANAGE}/audit")).status_code
    await founded("Next Door", by=await somebody("nell"))
    nell = await browser(app, await somebody("nell"))
    assert statuses == {Role.EDITOR: 403, Role.MANAGER: 200}
    assert (await nell.get(f"{MANAGE}/audit")).status_code == 404
    assert (await nell.get(f"{MANAGE}/audit.csv")).status_code == 404


async def test_the_editor_leads_to_the_history_of_its_event(client: Client) -> None:
    event = await kept()
    assert f"{MANAGE}/audit?event={event.id}" in await text(client, f"{event.path}/edit")
