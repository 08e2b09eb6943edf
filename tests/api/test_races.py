"""Several programs that edit the same thing at the same instant: one wins, the others are told."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import Program, Told
from tests.api.test_resources import type_of
from tests.team import house, joined, somebody
from webapp.database import Database
from webapp.door import lists
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.ticket_types import store as ticket_types
from webapp.webhooks import store as webhooks

EDITED = [
    ("ticket-types", "name", ticket_types, "edit", "seen"),
    ("check-in-lists", "name", lists, "change", "seen"),
    ("gates", "name", lists, "rename_gate", "seen"),
    ("questions", "label", None, "", ""),
    ("webhooks", "url", webhooks, "_edit", "only_as"),
    ("profile", "about", organisers, "describe", "seen"),
    ("members", "role", organisers, "appoint", "seen"),
    ("pools", "capacity", ticket_types, "resize", "seen"),
    ("door", "limit", lists, "set_limit", "seen"),
]
VALUES: dict[str, list[Any]] = {"role": ["door", "manager", "owner"], "capacity": [5, 6, 7], "limit": [50, 60, 70]}
TEXTS = [f"https://example.org/{n}" for n in range(3)]
HOUSE = "/api/v1/organisers/the-house"


async def made(olive: Program, kind: str) -> str:
    """The address of something that can be edited."""
    if kind == "profile":
        return HOUSE
    if kind == "members":
        ben = await joined(await house(), await somebody("ben"), Role.EDITOR)
        return f"{HOUSE}/members/{ben.id}"
    event = f"/api/v1/events/{(await olive.publishes())['slug']}"
    if kind == "ticket-types":
        return f"{event}/{kind}/{await type_of(olive, event)}"
    if kind == "door":
        return f"{event}/door"
    path = f"{HOUSE}/webhooks" if kind == "webhooks" else f"{event}/{kind}"
    bodies = {"questions": {"label": "Food?"}, "webhooks": {"url": "https://example.org/a"}}
    body = bodies.get(kind, {"name": "First"} | ({"capacity": 4} if kind == "pools" else {}))
    return f"{path}/{(await olive.posts(path, body)).said['id']}"


async def edited_at_once(olive: Program, path: str, field: str) -> list[Told]:
    first = (await olive.reads(path)).tag
    values = VALUES.get(field, TEXTS)
    return await asyncio.gather(*(olive.patches(path, {field: value}, If_Match=first) for value in values))


@pytest.mark.parametrize(("kind", "field"), [one[:2] for one in EDITED])
async def test_of_several_edits_of_one_version_one_is_made(olive: Program, db: Database, kind: str, field: str) -> None:
    path = await made(olive, kind)
    told = await edited_at_once(olive, path, field)
    assert sorted(one.status for one in told) == [200, 412, 412]
    [winner] = [one for one in told if one.status == 200]
    assert (await olive.reads(path)).said[field] == winner.said[field]


@pytest.mark.parametrize("edited", [one for one in EDITED if one[2]])
async def test_without_a_second_look_edits_are_lost(
    olive: Program, db: Database, monkeypatch: pytest.MonkeyPatch, edited: tuple[str, str, Any, str, str]
) -> None:
    kind, field, room, name, guard = edited
    path, real, waiting = await made(olive, kind), getattr(room, name), asyncio.Barrier(3)

    async def blind(*args: Any, **kwargs: Any) -> Any:
        await waiting.wait()
        return await real(*args, **{key: value for key, value in kwargs.items() if key != guard})

    monkeypatch.setattr(room, name, blind)
    told = await edited_at_once(olive, path, field)
    assert [one.status for one in told] == [200, 200, 200]


async def test_questions_that_are_added_at_once_are_all_asked(olive: Program, db: Database) -> None:
    event = f"/api/v1/events/{(await olive.publishes())['slug']}"
    told = await asyncio.gather(*(olive.posts(f"{event}/questions", {"label": f"Q{n}"}) for n in range(5)))
    assert [one.status for one in told] == [201] * 5
    asked = (await olive.reads(f"{event}/questions")).said["items"]
    assert sorted(one["label"] for one in asked) == [f"Q{n}" for n in range(5)]
