"""What an owner sees of personal data, and what they do about it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.door.making import text
from tests.registrations.making import event_with, registers
from tests.retention.making import carried_out
from tests.team import MANAGE, browser, house, joined, somebody
from webapp.database import db
from webapp.organisers.organiser import Role
from webapp.retention import policy, rounds, store
from webapp.ticket_types.store import Offered

PAGE = f"{MANAGE}/personal-data"


async def over() -> Offered:
    """An event for which two people registered, and which ended ten days ago."""
    jazz = await event_with(9)
    for who in ("ana", "ben"):
        await registers(jazz, who)
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    began = ended - timedelta(hours=2)
    starts, ends = (at.replace(tzinfo=None).isoformat(timespec="minutes") for at in (began, ended))
    times = {"zone": "UTC", "starts": starts, "ends": ends, "starts_at": began, "ends_at": ended}
    await db().events.update_one({"_id": jazz.event.id}, {"$set": {**times, "phase": "over", "turns_at": None}})
    return jazz


async def shown(client: Client, path: str = PAGE) -> str:
    return await text(await client.get(path))


async def test_an_owner_says_for_how_long(client: Client) -> None:
    jazz = await over()
    assert "Personal data is kept." in await shown(client)
    answer = await client.post(PAGE, form={"keeping": "days", "personal_days": "90"})
    assert answer.status_code == 303
    assert "Personal data goes on" in await shown(client)
    assert await policy.days_of(jazz.event.organiser_id) == 90
    assert (await client.post(PAGE, form={"keeping": "default", "personal_days": "90"})).status_code == 303
    assert await policy.chosen(jazz.event.organiser_id) is None


@pytest.mark.parametrize("days", ["", "0", "3651", "soon"])
async def test_days_that_are_none_are_asked_for_again(client: Client, days: str) -> None:
    answer = await client.post(PAGE, form={"keeping": "days", "personal_days": days})
    html = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="error-summary"' in html
    assert f'value="{days}"' in html
    assert re.search(r'value="days" checked', html)


async def test_a_choice_counts_at_once(client: Client) -> None:
    jazz = await over()
    assert await rounds.shred_past(datetime.now(UTC)) == 0
    await client.post(PAGE, form={"keeping": "days", "personal_days": "7"})
    assert await rounds.shred_past(datetime.now(UTC)) == 1
    await carried_out(datetime.now(UTC))
    assert "2 registrations without names since" in await shown(client)
    assert await store.known_by(jazz.event) == 0


async def test_destroying_it_now_takes_a_tick(client: Client) -> None:
    jazz = await over()
    path = f"{jazz.event.path}/shred"
    asked = await shown(client, path)
    assert "2 registrations say whose they are" in asked
    assert f'href="{jazz.event.path}/registrations.csv"' in await (await client.get(path)).get_data(as_text=True)
    refused = await client.post(path, form={})
    assert refused.status_code == 422
    assert "Tick this to say that you need none of it any more." in await text(refused)
    assert await store.of_event(jazz.event.id) is None
    assert (await client.post(path, form={"is_sure": "true"})).headers["Location"] == PAGE
    assert "Under way" in await shown(client)
    await carried_out(datetime.now(UTC))
    assert "Destroyed" in await shown(client)
    assert "No registration says any more whose it is." in await shown(client, path)
    assert "ana@example.org" not in await shown(client, f"{jazz.event.path}/registrations.csv")


async def test_what_is_not_over_is_kept(client: Client) -> None:
    jazz = await event_with(2)
    answer = await client.post(f"{jazz.event.path}/shred", form={"is_sure": "true"})
    assert answer.status_code == 409
    assert "It is not over yet" in await text(answer)
    assert "not over yet" in await shown(client, f"{jazz.event.path}/shred")


async def test_only_owners_may(app: Quart, db: Any) -> None:
    organiser, jazz = await house(), await over()
    manager = await browser(app, await joined(organiser, await somebody("mia"), Role.MANAGER))
    assert [(await manager.get(path)).status_code for path in (PAGE, f"{jazz.event.path}/shred")] == [403, 403]
    assert (await manager.post(f"{jazz.event.path}/shred", form={"is_sure": "true"})).status_code == 403


async def test_it_takes_a_fresh_confirmation(app: Quart, db: Any) -> None:
    await house()
    jazz, owner = await over(), await browser(app, await somebody("olive"))
    await db.sessions.update_many({}, {"$set": {"confirmed_at": datetime(2020, 1, 1, tzinfo=UTC)}})
    answer = await owner.post(f"{jazz.event.path}/shred", form={"is_sure": "true"})
    assert answer.headers["Location"].startswith("/me/confirm")
    assert await store.of_event(jazz.event.id) is None
