"""What a team does with registrations is recorded with it; what people do with their own stands in the ledger alone."""

from typing import Any

import pytest
from quart.typing import TestClientProtocol as Browser

from tests.audit.test_history import history, text
from tests.events.making import NOW
from tests.registrations.making import ANA, EVE, comes, event_with, registers, wanted
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Record
from webapp.errors import Conflict
from webapp.places import counter
from webapp.registrations import changing, ending, store, team
from webapp.registrations.registration import Entry, State
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.store import Offered
from webapp.ticket_types.ticket_type import Offering

pytestmark = pytest.mark.usefixtures("db")
HOW: dict[str, Any] = {"by": EVE, "now": NOW}
FROM = Actor("eve", "Eve", "203.0.113.9")


async def acts(offered: Offered) -> list[Record]:
    return await history(offered.event.organiser_id, event=offered.event.id, kind="registration")


async def told(offered: Offered) -> list[str]:
    return sorted(one.sentence for one in await acts(offered))


async def test_by_hand_says_who_from_where_and_what() -> None:
    jazz = await event_with(1)
    with pytest.raises(Conflict):
        await team.add_by_hand(jazz, wanted(jazz, "ana", 2), ANA, by=FROM, now=NOW)
    assert await acts(jazz) == []
    mine = await team.add_by_hand(jazz, wanted(jazz, "ana", 2), ANA, by=FROM, now=NOW, even_beyond=True)
    (made,) = await acts(jazz)
    assert (made.who, made.sentence, made.actor.address) == ("Eve", "registered “Ana, 2 tickets”", "203.0.113.9")
    assert made.subject.id == mine.id
    assert made.after == {"name": "Ana", "email": "ana@example.org", "tickets": "2", "even_beyond": "yes"}


async def test_approving_changing_sending_and_cancelling_are_recorded_once() -> None:
    jazz = await event_with(2)
    await ticket_types.open_places(jazz.event)
    await ticket_types.edit(
        jazz.event, jazz.event.id, Offering(name="Ticket", pools=[jazz.event.id], needs_approval=True), **HOW
    )
    mine = await registers(await ticket_types.offered(jazz.event), "ana")
    for _ in range(2):
        await team.approve(mine, **HOW)
        await team.resend(mine, **HOW)
        await team.change(await store.get(mine.id), ANA, {}, **HOW)
    for _ in range(2):
        await team.cancel(mine, **HOW)
    assert await told(jazz) == [
        "approved “ana, 1 ticket”",
        "cancelled “ana, 1 ticket”",
        "changed “ana, 1 ticket”",
        "sent the mail of “ana, 1 ticket” again",
        "sent the mail of “ana, 1 ticket” again",
    ]
    (changed,) = [one for one in await acts(jazz) if one.action == "edited"]
    assert (changed.before, changed.after) == ({"name": "ana"}, {"name": "Ana"})


async def test_the_line_tells_its_story() -> None:
    jazz = await event_with(1)
    held = await comes(jazz, "ana")
    ben, eva = await comes(jazz, "ben"), await comes(jazz, "eva")
    assert isinstance(ben, Entry)
    assert isinstance(eva, Entry)
    for is_paused in (True, True):
        await team.pause(jazz.event, ben.ticket_type_ids[0], is_paused=is_paused, **HOW)
    with pytest.raises(Conflict):
        await team.offer(eva, **HOW)
    await ending.cancel(held.id, by="ana", now=NOW)
    await team.offer(eva, **HOW)
    await team.remove(ben, **HOW)
    await team.pause(jazz.event, ben.ticket_type_ids[0], is_paused=False, **HOW)
    assert await told(jazz) == [
        "let the line for “Ticket” move on",
        "offered places to “somebody, 1 ticket” before others",
        "stopped the line for “Ticket”",
        "took “somebody, 1 ticket” out of the line",
    ]


async def test_without_its_record_nobody_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    jazz = await event_with(2)
    mine = await registers(jazz, "ana")

    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no")

    monkeypatch.setattr(audit, "add_once", broken)
    with pytest.raises(ValueError, match="no"):
        await team.cancel(mine, **HOW)
    assert (await store.get(mine.id)).state is State.CONFIRMED


async def test_what_was_written_although_its_answer_was_lost_is_recorded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    jazz = await event_with(2)
    mine = await registers(jazz, "ana")
    real, lost = counter.written, []

    async def once_lost(*given: Any, **more: Any) -> Any:
        if not lost:
            lost.append(await _alone(real, *given, **more))
            raise counter.Stale
        return await real(*given, **more)

    monkeypatch.setattr(counter, "written", once_lost)
    await team.change(mine, ANA, {}, **HOW)
    assert lost
    assert await told(jazz) == ["changed “ana, 1 ticket”"]


async def _alone(written: Any, wishes: Any, standings: Any, _: Any, **more: Any) -> Any:
    """Writes in a transaction of its own, as one whose answer is lost does."""
    from webapp import database

    return await database.transaction(lambda session: written(wishes, standings, session, **more))


async def test_people_themselves_stand_in_the_ledger_which_the_team_reads(client: Browser) -> None:
    jazz = await event_with(2)
    mine = await registers(jazz, "ana")
    await changing.change(mine.id, ANA, by="visitor", now=NOW)
    path = f"{jazz.event.path}/registrations/{mine.id}"
    assert await acts(jazz) == []
    page = await text(client, path)
    assert "Whoever has the link" in page
    assert page.index(">Held<") < page.index(">Confirmed<", page.index(">Held<")) < page.index(">Details changed<")
    await client.post(f"{path}/cancel")
    page = await text(client, path)
    assert page.index(">Details changed<") < page.rindex(">Cancelled<") < page.rindex("Olive")
    assert [one.sentence for one in await acts(jazz)] == ["cancelled “Ana, 1 ticket”"]
