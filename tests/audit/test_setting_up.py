"""What a team sets up around an event leaves a record with it: tickets, questions, the door, API tokens."""

from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.audit.test_history import history
from tests.events.making import ANA, NOW, kept
from tests.team import MANAGE, acting, house, somebody
from webapp.audit import store as audit
from webapp.database import Database
from webapp.door import devices, lists
from webapp.door.making import GateForm, LimitForm, LinkForm, ListForm
from webapp.errors import Conflict
from webapp.events.event import Event
from webapp.organisers.organiser import Role
from webapp.programs import store as tokens
from webapp.programs.token import OrganiserWish
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.ticket_type import Offering

pytestmark = pytest.mark.usefixtures("db")
HOW: dict[str, Any] = {"by": ANA, "now": NOW}


async def told(event: Event) -> list[str]:
    """What was done after the event was made, in alphabetical order."""
    found = [one for one in await history(event.organiser_id, event=event.id) if one.action != "created"]
    assert {(one.who, one.at) for one in found} == {("Ana", NOW)}
    return sorted(one.sentence for one in found)


async def test_ticket_types_and_pools_tell_their_story() -> None:
    event = await kept(title="Jazz")
    hall = await ticket_types.add_pool(event, "Hall", 80, **HOW)
    kind = await ticket_types.add(event, Offering(name="Seat", pools=[hall]), **HOW)
    for _ in range(2):
        await ticket_types.edit(event, kind.id, Offering(name="Chair", pools=[hall, event.id]), **HOW)
        await ticket_types.resize(event, hall, 60, **HOW)
    await ticket_types.remove(event, kind.id, **HOW)
    with pytest.raises(Conflict):
        await ticket_types.remove(event, event.id, **HOW)
    assert await told(event) == [
        "added “Hall”",
        "added “Seat”",
        "changed how many places “Hall” has",
        "changed “Chair”",
        "took “Chair” out of the offer",
    ], "what changes nothing is no act"
    (changed,) = [one for one in await history(event.organiser_id, kind="tickets") if one.action == "edited"]
    assert (changed.before, changed.after) == (
        {"name": "Seat", "pools": "Hall"},
        {"name": "Chair", "pools": "Hall, Places"},
    )
    (resized,) = [one for one in await history(event.organiser_id, kind="tickets") if one.action == "resized"]
    assert (resized.before, resized.after) == ({"capacity": "80"}, {"capacity": "60"})


async def test_what_is_asked_is_recorded_from_its_page(client: Client) -> None:
    event = await kept(title="Jazz")
    await client.post(f"{event.path}/questions", form={"label": "Food", "kind": "text"})
    await client.post(f"{event.path}/form", form={"hold_minutes": "5", "offer": "1", "offer_unit": "hours"})
    found = (await history(event.organiser_id, kind="tickets"))[:2]
    assert {one.sentence for one in found} == {"changed how people register for “Jazz”"}
    assert {"questions": "Food"} in [one.after for one in found]
    assert {one.actor.name for one in found} == {"Olive"}
    assert all(one.actor.address for one in found)


async def test_the_door_tells_its_story() -> None:
    event = await kept(title="Jazz")
    made = await lists.add(event, ListForm(name="Evening"), **HOW)
    for _ in range(2):
        await lists.change(event, made.id, ListForm(name="Night"), **HOW)
        await lists.set_limit(event, LimitForm(limit=50), **HOW)
    await lists.add_gate(event, GateForm(name="North"), **HOW)
    link = await devices.add_link(event, LinkForm(name="Ben", list_ids=(made.id,)), **HOW)
    for _ in range(2):
        await devices.revoke(event, link.id, **HOW)
    assert await told(event) == [
        "added “Evening”",
        "added “North”",
        "changed how many may be inside at “Jazz”",
        "changed “Night”",
        "made the door link “Ben”",
        "took the door link “Ben” back",
    ]
    (given,) = [one for one in await history(event.organiser_id) if one.action == "admitted"]
    assert given.after["lists"] == "Night"
    assert link.path not in repr(given)


async def test_tokens_are_recorded_but_never_the_token(db: Database) -> None:
    olive, ours = await somebody("olive"), await house()
    wish = OrganiserWish.model_validate({"name": "Till", "days": "7", "role": "editor", "read": True})
    text = await tokens.create_for(ours.id, wish, Role.EDITOR, by=acting(olive), now=NOW)
    (token,) = await tokens.of_organiser(ours.id)
    await tokens.revoke_for(ours.id, token.id, by=acting(olive), now=NOW)
    found = await history(ours.id, kind="token")
    assert sorted(one.sentence for one in found) == ["made “Till”", "revoked “Till”"]
    kept = repr(await db.records.find().to_list(None))
    assert text not in kept
    assert text[-4:] not in kept


async def test_without_its_record_nothing_is_set_up(monkeypatch: pytest.MonkeyPatch, db: Database) -> None:
    event = await kept()

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no")

    for name in ("record", "add_once"):
        monkeypatch.setattr(audit, name, broken)
    for deed in (
        lists.add_gate(event, GateForm(name="North"), **HOW),
        devices.add_link(event, LinkForm(name="Ben"), **HOW),
        ticket_types.add_pool(event, "Hall", 80, **HOW),
    ):
        with pytest.raises(ValueError, match="no"):
            await deed
    for name in ("gates", "door_links"):
        assert await db[name].count_documents({"event_id": event.id}) == 0
    assert [pool.name for pool in await ticket_types.pools(event.id)] == ["Places"]


async def test_the_page_narrows_it_to_the_door(app: Quart, client: Client) -> None:
    event = await kept(title="Jazz")
    await client.post(f"{event.path}/door/gates", form={"gate": "North"})
    page = await (await client.get(f"{MANAGE}/audit?kind=door")).get_data(as_text=True)
    assert "added “North”" in page
    assert "created" not in page
