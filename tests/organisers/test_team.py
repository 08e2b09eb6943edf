"""Teams as they are kept: who may give which role, and that there is always an owner."""

import asyncio
from datetime import timedelta

import pytest

from tests.team import NOW, acting, founded, house, joined, somebody
from webapp.database import Database
from webapp.errors import Conflict, NotAllowed, NotFound
from webapp.events import store as events
from webapp.events.event import Details
from webapp.organisers import invitations, store
from webapp.organisers.organiser import INVITATION_LASTS, Inviting, Role, gives, may_give
from webapp.people import store as people

pytestmark = pytest.mark.usefixtures("db")
DETAILS = {"title": "Night Walk", "starts": "2199-05-03T20:00", "ends": "2199-05-03T22:00", "zone": "UTC"}


def test_roles_have_an_order_that_is_not_the_alphabets() -> None:
    assert Role.DOOR < Role.EDITOR < Role.MANAGER < Role.OWNER
    assert sorted(Role, reverse=True)[0] is Role.OWNER
    assert Role.MANAGER >= "editor"


def test_nobody_gives_a_role_above_their_own() -> None:
    assert gives(Role.OWNER) == list(Role)
    assert gives(Role.MANAGER) == [Role.DOOR, Role.EDITOR, Role.MANAGER]
    assert gives(Role.EDITOR) == gives(None) == []
    assert not may_give(Role.MANAGER, Role.OWNER, Role.DOOR)


async def roles(db: Database) -> dict[str, str]:
    """The role of everybody in the house, as their own documents say."""
    ours = await house()
    return {one["name"]: one["roles"][ours.id] async for one in db.people.find({f"roles.{ours.id}": {"$exists": True}})}


async def test_what_a_person_is_recognised_by_is_what_the_team_says(db: Database) -> None:
    ours, ben = await house(), await joined(await house(), await somebody("ben"), Role.EDITOR)
    assert await roles(db) == {"Olive": "owner", "Ben": "editor"}
    olive = await somebody("olive")
    await store.appoint(ours.id, ben.id, Role.MANAGER, by=acting(olive), now=NOW)
    assert await roles(db) == {one.name: one.role for one in await store.team(ours.id)}
    await store.remove(ours.id, ben.id, by=acting(olive), now=NOW)
    assert await roles(db) == {"Olive": "owner"}


async def test_a_manager_decides_about_everybody_but_owners() -> None:
    ours, olive = await house(), await somebody("olive")
    mia, ben = [
        await joined(ours, await somebody(name), role) for name, role in (("mia", Role.MANAGER), ("ben", Role.DOOR))
    ]
    await store.appoint(ours.id, ben.id, Role.MANAGER, by=acting(mia), now=NOW)
    for forbidden in (
        store.appoint(ours.id, ben.id, Role.OWNER, by=acting(mia), now=NOW),
        store.appoint(ours.id, olive.id, Role.DOOR, by=acting(mia), now=NOW),
        store.remove(ours.id, olive.id, by=acting(mia), now=NOW),
        invitations.invite(ours.id, Inviting(role=Role.OWNER), by=acting(mia), now=NOW),
    ):
        with pytest.raises(NotAllowed):
            await forbidden


async def test_ownership_is_handed_over_by_making_another_owner() -> None:
    ours, olive = await house(), await somebody("olive")
    ben = await joined(ours, await somebody("ben"), Role.EDITOR)
    with pytest.raises(Conflict):
        await store.leave(ours.id, by=acting(olive), now=NOW)
    with pytest.raises(Conflict):
        await store.appoint(ours.id, olive.id, Role.MANAGER, by=acting(olive), now=NOW)
    await store.appoint(ours.id, ben.id, Role.OWNER, by=acting(olive), now=NOW)
    await store.appoint(ours.id, olive.id, Role.MANAGER, by=acting(olive), now=NOW)
    await store.leave(ours.id, by=acting(olive), now=NOW)
    assert [(one.name, one.role) for one in await store.team(ours.id)] == [("Ben", Role.OWNER)]


async def both_leave(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two owners leave, each going on only when the other has looked too; answers who is left."""
    ours, olive = await house(), await somebody("olive")
    ben = await joined(ours, await somebody("ben"), Role.OWNER)
    looked, look = asyncio.Event(), store._spare_the_last_owner
    count = 0

    async def together(*given: object) -> None:
        nonlocal count
        await look(*given)  # type: ignore[arg-type]
        count += 1
        if count == 2:
            looked.set()
        try:
            async with asyncio.timeout(0.5):
                await looked.wait()
        except TimeoutError:
            pass

    monkeypatch.setattr(store, "_spare_the_last_owner", together)
    await asyncio.gather(
        *(store.leave(ours.id, by=acting(one), now=NOW) for one in (olive, ben)), return_exceptions=True
    )
    return [one.name for one in await store.team(ours.id)]


async def test_of_two_last_owners_who_leave_at_once_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(await both_leave(monkeypatch)) == 1


async def test_without_holding_the_team_nobody_would_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def not_held(*_: object) -> None:
        """Nothing that the other transaction would meet."""

    monkeypatch.setattr(store, "hold", not_held)
    assert await both_leave(monkeypatch) == []


async def test_an_invitation_leads_in_one_person_once() -> None:
    ours, olive = await house(), await somebody("olive")
    one = await invitations.invite(ours.id, Inviting(role=Role.EDITOR), by=acting(olive), now=NOW)
    people = [await somebody(name) for name in ("ana", "ben", "cleo")]
    entering = [invitations.accept(one, by=acting(person), now=NOW) for person in people]
    answers = await asyncio.gather(*entering, return_exceptions=True)
    assert [type(answer) for answer in answers if answer] == [NotFound, NotFound]
    assert len(await store.team(ours.id)) == 2


async def test_an_invitation_ends_with_its_time_its_maker_or_when_taken_back() -> None:
    ours, olive, ben = await house(), await somebody("olive"), await somebody("ben")
    mia = await joined(ours, await somebody("mia"), Role.MANAGER)
    late, back, orphan = [
        await invitations.invite(ours.id, Inviting(role=Role.DOOR), by=acting(mia), now=NOW) for _ in "123"
    ]
    with pytest.raises(NotFound):
        await invitations.accept(late, by=acting(ben), now=NOW + INVITATION_LASTS)
    await invitations.take_back(ours.id, back.id, by=acting(mia), now=NOW)
    await store.appoint(ours.id, mia.id, Role.DOOR, by=acting(olive), now=NOW)
    for one in (back, orphan):
        with pytest.raises(NotFound):
            await invitations.accept(one, by=acting(ben), now=NOW)
    assert await store.role_of(ours.id, ben.id) is None


async def test_an_invitation_changes_nothing_for_who_is_in_the_team() -> None:
    ours, olive = await house(), await somebody("olive")
    one = await invitations.invite(ours.id, Inviting(role=Role.DOOR), by=acting(olive), now=NOW)
    with pytest.raises(Conflict, match="already, as an owner"):
        await invitations.accept(one, by=acting(olive), now=NOW)
    assert [kept.id for kept in await invitations.open_ones(ours.id)] == [one.id]


async def test_the_last_owner_cannot_delete_their_account(db: Database) -> None:
    ours, olive = await house(), await somebody("olive")
    with pytest.raises(Conflict, match="only owner of “The House”"):
        await people.delete(olive, now=NOW)
    assert await people.find(olive.id)
    ben = await joined(ours, await somebody("ben"), Role.OWNER)
    await people.delete(olive, now=NOW)
    assert [one.person_id for one in await store.team(ours.id)] == [ben.id]


async def test_what_a_person_takes_along_says_in_which_teams_they_are() -> None:
    ours, olive = await house(), await somebody("olive")
    told = (await people.everything(olive, now=NOW))["organisers"]
    assert [(one["name"], one["role"], one["address"]) for one in told] == [(ours.name, "owner", ours.path)]


async def test_two_organisers_of_one_name_have_two_addresses_and_none_is_in_the_way() -> None:
    olive = await somebody("olive")
    named = await asyncio.gather(*(founded("Same", by=olive) for _ in range(4)))
    assert len({one.slug for one in named}) == 4
    assert (await founded("New", by=olive)).slug == "new-organiser"


async def test_an_organiser_with_events_to_come_stays(db: Database) -> None:
    ours, olive = await house(), await somebody("olive")
    event = await events.create(ours.id, Details.model_validate(DETAILS), by=acting(olive), now=NOW)
    event = await events.publish(event, by=acting(olive), now=NOW)
    with pytest.raises(Conflict, match="events to come"):
        await store.delete(ours.id, by=acting(olive), now=NOW)
    await events.cancel(event, by=acting(olive), now=NOW)
    await store.delete(ours.id, by=acting(olive), now=NOW)
    with pytest.raises(NotFound):
        await store.by_slug(ours.slug)
    assert await roles_left(db) == 0


async def roles_left(db: Database) -> int:
    return sum([len(one.get("roles", {})) async for one in db.people.find()]) + await db.members.count_documents({})


async def test_what_a_deleted_organiser_leaves_is_cleared_up(db: Database) -> None:
    ours, olive = await house(), await somebody("olive")
    other = await founded("Next Door", by=olive)
    for organiser in (ours, other):
        await events.create(organiser.id, Details.model_validate(DETAILS), by=acting(olive), now=NOW)
    await store.delete(ours.id, by=acting(olive), now=NOW)
    assert await store.clear_up(NOW + timedelta(seconds=1)) == 1
    assert await store.clear_up(NOW) == 0
    assert await db.records.count_documents({"action": "cleared up"}) == 1
    left = [one["organiser_id"] async for one in db.events.find({"deleted_at": None})]
    assert left == [other.id]
    assert [one.id for one in await store.every()] == [other.id]
