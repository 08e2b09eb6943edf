"""Whom an import concerns: those who come to what it would move or call off."""

from datetime import datetime

from webapp.events import telling
from webapp.imports import writing
from webapp.imports.reconcile import Plan
from webapp.imports.record import Concern, Import
from webapp.messages.store import coming_to


async def concern(todo: Plan, one: Import, now: datetime) -> Concern:
    """How many events that people come to would be moved or called off, and how many people that are."""
    moved: list[str] = []
    called_off = [known.id for known in todo.vanished]
    for batch in writing.batches(todo.changed):
        for before, after in await writing.foreseen(batch, one, now):
            if writing.is_called_off(before, after):
                called_off.append(after.id)
            elif telling.tells(before, after):
                moved.append(after.id)
        await writing.breathe()
    people = await coming_to(one.organiser_id, [*moved, *called_off])
    return Concern(
        moved=sum(people[key] > 0 for key in moved),
        moved_people=sum(people[key] for key in moved),
        called_off=sum(people[key] > 0 for key in called_off),
        called_off_people=sum(people[key] for key in called_off),
    )
