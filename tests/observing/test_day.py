"""What happens on an event's day is counted as it was written, once."""

from prometheus_client import REGISTRY

from tests.door.making import door
from tests.registrations.making import comes, event_with, registers
from webapp.database import Database


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"turnout_{name}_total", labels) or 0.0


async def test_registrations_and_the_line_are_counted_by_step(db: Database) -> None:
    before = {step: counted("registration_steps", step=step) for step in ("held", "confirmed", "waiting")}
    offered = await event_with(1)
    await registers(offered, "ana")
    await comes(offered, "ben")
    after = {step: counted("registration_steps", step=step) - before[step] for step in before}
    assert after == {"held": 1, "confirmed": 1, "waiting": 1}


async def test_scans_are_counted_by_what_the_door_was_told(db: Database) -> None:
    before = {result: counted("checkins", kind="entry", result=result) for result in ("ok", "already_in", "unknown")}
    at_the_door = await door()
    ticket = await at_the_door.ticket()
    for code in (ticket, ticket, "of nobody"):
        await at_the_door.scans(code)
    after = {result: counted("checkins", kind="entry", result=result) - before[result] for result in before}
    assert after == {"ok": 1, "already_in": 1, "unknown": 1}
