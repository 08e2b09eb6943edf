"""Regions of a notebook, for the tests of the engine: it knows no feature of the product."""

from typing import Any

from realtime import anyone, region, viewers
from realtime.region import Bound
from webapp import database

drawn: list[str] = []
"""The key of every region drawn, in order."""

loaded: list[str] = []
refuse_to_load: set[str] = set()
private_to: dict[str, set[str]] = {}


def prepare() -> None:
    """Declares the collections, and forgets what an earlier test did."""
    database.keep("notes")
    database.keep("comments", images=True)
    for kept in (drawn, loaded, refuse_to_load, private_to):
        kept.clear()


@region("note.html", watches={"notes": "_id"}, visible_to=anyone)
async def note(note_id: str) -> dict[str, Any] | None:
    loaded.append(note_id)
    if note_id in refuse_to_load:
        raise RuntimeError("This note refuses")
    found = await database.db().notes.find_one({"_id": note_id})
    return {"text": found["text"]} if found else None


@region("comments.html", watches={"comments": "note_id"}, visible_to=anyone)
async def comments(note_id: str) -> dict[str, Any] | None:
    found = await database.db().comments.find({"note_id": note_id}).sort("_id").to_list(None)
    return {"text": ", ".join(comment["text"] for comment in found)}


@region("remark.html", watches={"remarks": "note_id"}, visible_to=anyone)
async def remarks(note_id: str) -> dict[str, Any] | None:
    found = await database.db().remarks.find({"note_id": note_id}).sort("_id").to_list(None)
    return {"text": ", ".join(remark["text"] for remark in found)}


@region("all.html", watches={"notes": "*"}, visible_to=anyone)
async def all_notes() -> dict[str, Any] | None:
    return {"text": await database.db().notes.count_documents({})}


@region("number.html", watches={"notes": "*"}, visible_to=anyone, pace=0.5)
async def number_of_notes() -> dict[str, Any] | None:
    return {"text": await database.db().notes.count_documents({})}


async def is_let_in(viewer: str, note_id: str) -> bool:
    return viewer in private_to.get(note_id, set())


@region("private.html", watches={"notes": "_id"}, visible_to=is_let_in)
async def private(note_id: str) -> dict[str, Any] | None:
    found = await database.db().notes.find_one({"_id": note_id})
    return {"text": found["text"]} if found else None


@region("viewers.html", watches={"@viewers": "_id"}, visible_to=anyone)
async def readers(note_id: str) -> dict[str, Any] | None:
    return {"text": viewers(Bound(readers, (note_id,)))}
