"""What stands in a QR code, and what can be told from it without the server."""

import re

import pytest

from tests.door.making import AtTheDoor
from webapp.database import db
from webapp.door import codes, live, tickets
from webapp.door.checkin import Ticket
from webapp.errors import NotFound
from webapp.folding import beginnings

KEY = codes.Key("a secret of thirty-two characters", "0123456789abcdef")


def ticket(**more: str) -> Ticket:
    known = {"_id": "t", "organiser_id": "o", "event_id": "e" * 16, "ticket_type_id": "day", "name": "Ines"}
    return Ticket.model_validate({**known, "state": "valid", "secret": "23456789bcdfghjkmnpqrstvwxyz", **more})


def test_a_code_can_be_checked_with_the_public_key_alone() -> None:
    assert codes.checked(KEY.code(ticket()), KEY.public) == codes.Signed("e" * 16, "day", ticket().secret)


@pytest.mark.parametrize("at", [5, 24, 40, 80])
def test_a_code_that_was_changed_is_known(at: int) -> None:
    code = KEY.code(ticket())
    other = "A" if code[at] != "A" else "B"
    assert codes.checked(code[:at] + other + code[at + 1 :], KEY.public) is None


@pytest.mark.parametrize("text", ["", "TO1", "TO1.A.B.C.D", "https://example.org", "TO1.A.B.C.É", "TO2.A.B.C.AAAA"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert codes.checked(text, KEY.public) is None


def test_another_events_key_does_not_fit() -> None:
    assert codes.checked(KEY.code(ticket()), codes.Key("a secret of thirty-two characters", "other").public) is None


def test_a_corrected_name_leaves_the_code_as_it_is() -> None:
    assert KEY.code(ticket(name="Ines")) == KEY.code(ticket(name="Inés Ober"))


def test_a_code_has_only_signs_of_the_alphanumeric_mode() -> None:
    assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", KEY.code(ticket()))


@pytest.mark.parametrize("text", ["{code}", "{typed}", "https://example.org/tickets/{secret}", " {secret} ", "{upper}"])
def test_the_secret_is_found_however_it_is_given(text: str) -> None:
    secret = ticket().secret
    given = {"code": KEY.code(ticket()), "typed": codes.grouped(secret), "secret": secret, "upper": secret.upper()}
    assert codes.secret_in(text.format(**given)) == secret


async def test_a_scanned_code_lets_in(at_the_door: AtTheDoor, app: object) -> None:
    sold = await at_the_door.ticket()
    assert (await at_the_door.scans(live.key_of(sold.event_id).code(sold))).is_ok


async def test_names_are_found_by_what_their_words_begin_with(at_the_door: AtTheDoor) -> None:
    await at_the_door.sold("Ines Ober", "Ina Obst", "Ben Inescu", "Ana Meier")
    assert [one.name for one in await tickets.named(at_the_door.event.id, "ob in")] == ["Ina Obst", "Ines Ober"]
    assert [one.name for one in await tickets.named(at_the_door.event.id, "Méier")] == ["Ana Meier"]
    assert await tickets.named(at_the_door.event.id, "  ") == []
    assert await tickets.named("another event", "ines") == []
    assert await tickets.named(at_the_door.event.id, ".*") == []


async def test_a_name_among_ten_thousand_is_found_in_an_index(at_the_door: AtTheDoor) -> None:
    await at_the_door.sold(*[f"Guest{number} Number{number % 97}" for number in range(10_000)])
    query = {"event_id": at_the_door.event.id, "$and": beginnings("Guést99")}
    explained = await db().command(
        "explain", {"find": "tickets", "filter": query, "limit": 20}, verbosity="executionStats"
    )
    assert explained["executionStats"]["totalDocsExamined"] <= 20
    assert "IXSCAN" in str(explained["queryPlanner"]["winningPlan"])
    assert len(await tickets.named(at_the_door.event.id, "guést99")) == 20


async def test_an_address_that_is_not_whole_opens_no_ticket(at_the_door: AtTheDoor) -> None:
    sold = await at_the_door.ticket()
    assert (await tickets.by_secret(sold.secret)).id == sold.id
    with pytest.raises(NotFound):
        await tickets.by_secret(sold.secret[:-1])
