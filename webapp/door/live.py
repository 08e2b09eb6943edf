"""The live regions of a door: what the team sees, and what the phones see."""

from typing import Any

from quart import current_app

from realtime import region
from webapp import when
from webapp.access import at_the_door, door, editor
from webapp.door import clashes, counts, devices, lists, tickets
from webapp.door.codes import key_of
from webapp.door.counts import Minute
from webapp.door.lists import Gate
from webapp.events import store as events
from webapp.events.event import Event
from webapp.ticket_types import store as ticket_types

__all__ = ["door_board", "door_clashes", "door_devices", "door_setup", "door_strip", "key_of"]

Context = dict[str, Any]


@region(
    "door/board.html",
    watches={
        "door_counts": "event_id",
        "gates": "event_id",
        "check_in_lists": "event_id",
        "doors": ("_id", "event_id"),
    },
    visible_to=door,
)
async def door_board(organiser_id: str, event_id: str) -> Context | None:
    """Who is inside, list by list and gate by gate, and whom the door refused lately."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    minutes = await counts.minutes(event_id)
    return {
        **await _inside(event),
        "gates": _gates(await lists.every_gate(event), minutes),
        "minutes": [(when.wall(one.at, event.zone), one) for one in minutes],
        "refusals": [(when.wall(one.learnt_at, event.zone), one) for one in await counts.refusals(event_id)],
    }


@region("door/clashes.html", watches={"door_clashes": "event_id"}, visible_to=door)
async def door_clashes(organiser_id: str, event_id: str) -> Context | None:
    """Whom phones without network let pass, and the server refused."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    found = await clashes.unseen(event)
    walls = [[when.wall(at, event.zone) if at else None for at in (one.happened_at, one.before_at)] for one in found]
    return {"event": event, "clashes": list(zip(walls, found, strict=True))}


@region("door/devices.html", watches={"door_devices": "event_id"}, visible_to=door)
async def door_devices(organiser_id: str, event_id: str) -> Context | None:
    """The phones at the door; amber for who was not heard of lately."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    found = [one for one in await devices.at(event_id) if one.organiser_id == organiser_id]
    names = {one.id: one.name for one in await lists.gates(event)}
    return {"devices": [(when.wall(one.seen_at, event.zone), one, names.get(one.gate_id, "")) for one in found]}


@region(
    "door/strip.html",
    watches={"door_counts": "event_id", "check_in_lists": "event_id", "doors": ("_id", "event_id")},
    visible_to=at_the_door,
)
async def door_strip(organiser_id: str, event_id: str) -> Context | None:
    """Who is inside, for the phones at the door."""
    event = await events.if_there(organiser_id, event_id)
    return await _inside(event) if event else None


@region(
    "door/setup.html",
    watches={"check_in_lists": "event_id", "gates": "event_id", "door_links": "event_id"},
    visible_to=editor,
)
async def door_setup(organiser_id: str, event_id: str) -> Context | None:
    """The lists, gates and links of a door."""
    event = await events.if_there(organiser_id, event_id)
    if event is None:
        return None
    kinds = await ticket_types.names(event)
    shown = [(one, [kinds.get(kind, kind) for kind in one.ticket_type_ids]) for one in await lists.of(event)]
    links = [(when.wall(one.expires_at, event.zone), one) for one in await devices.links(event)]
    return {"event": event, "lists": shown, "gates": await lists.gates(event), "links": links}


async def _inside(event: Event) -> Context:
    numbers, expected = await counts.numbers(event.id), await tickets.expected(event.id)
    await lists.of(event)  # makes the first where there is none
    rows = [
        (one, numbers.on(one.id, "entered"), _expected(one.ticket_type_ids, expected))
        for one in await lists.every(event)
        if not one.archived_at or numbers.on(one.id, "entered")
    ]
    return {"event": event, "numbers": numbers, "limit": await lists.limit(event.id), "rows": rows}


def _gates(gates: list[Gate], minutes: list[Minute]) -> list[tuple[str, str]]:
    """The gates, and a row for phones that stand at none where there are such."""
    elsewhere = [("none", "At no gate" if gates else "The door")]
    shown = [one for one in gates if not one.archived_at or any(minute.total(one.id) for minute in minutes)]
    return [*((one.id, one.name) for one in shown), *(elsewhere if any(one.total("none") for one in minutes) else [])]


def _expected(type_ids: tuple[str, ...], expected: dict[str, int]) -> int:
    return sum(count for kind, count in expected.items() if not type_ids or kind in type_ids)


async def shut_out(device_id: str) -> None:
    """Ends what a phone sees, on every worker."""
    await current_app.extensions["live"].revoke(f"device {device_id}")
