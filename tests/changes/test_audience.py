"""Who is told what: the query and the question say the same."""

import itertools
from datetime import UTC, datetime

import pytest

from webapp.changes import store
from webapp.changes.audience import Audience, Wish
from webapp.changes.change import INSTALLATION, Change, id_of, key_of
from webapp.database import Database
from webapp.organisers.organiser import Role

KINDS = ["event.edited", "registration.confirmed", "check_in.entry", "team.joined"]
WHOSE = ["house", "another", INSTALLATION]
AUDIENCES = [
    Audience(),
    Audience({"house": Role.DOOR}),
    Audience({"house": Role.EDITOR, "another": Role.DOOR}),
    Audience({"house": Role.OWNER}, is_admin=True),
]
WISHES = [Wish(), Wish("jazz"), Wish(kinds=("registration", "event.edited")), Wish("tango", ("team",))]


def everything() -> list[Change]:
    told = itertools.product(KINDS, WHOSE, ["jazz", "tango", ""])
    return [
        Change(key_of(f"7-{number}"), kind, whose, event_id, "x", datetime(2026, 5, 3, tzinfo=UTC))
        for number, (kind, whose, event_id) in enumerate(told, 1)
    ]


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("wish", WISHES)
async def test_the_database_and_the_tail_tell_the_same(db: Database, audience: Audience, wish: Wish) -> None:
    await store.begin(key_of("1-0"))
    await store.add(everything(), after=key_of("1-0"), to=key_of("8-0"))
    page = await store.page(key_of("1-0"), audience, wish)
    assert [one.key for one in page.changes] == [one.key for one in everything() if audience.has(one) and wish.has(one)]


def test_a_door_keeper_hears_of_check_ins_and_a_manager_of_the_team() -> None:
    heard = {one.family for one in everything() if AUDIENCES[1].has(one)}
    assert heard == {"check_in"}
    assert {one.organiser_id for one in everything() if AUDIENCES[2].has(one)} == {"house", "another"}
    assert not [one for one in everything() if AUDIENCES[2].has(one) and one.family == "team"]


@pytest.mark.parametrize("text", ["", "7", "7-", "-7", "a-1", "7-1-1", "٧-1", f"{'9' * 27}-1"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        key_of(text)


def test_an_id_is_the_logs_own_and_sorts_as_text() -> None:
    assert id_of(key_of("7638234234-12")) == "7638234234-12"
    assert key_of("99-1") < key_of("100-1") < key_of("100-20")
