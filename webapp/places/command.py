"""`python -m webapp audit`: whether every counted place is there, and whoever was scanned."""

from datetime import UTC, datetime

from webapp import database, servers
from webapp.door import audit as door
from webapp.migrations import store as migrations
from webapp.places import audit
from webapp.settings import Settings


async def run(given: Settings) -> int:
    """Prints what is wrong, or `0 drift`; answers the exit status."""
    with servers.chosen(given, share=True) as used:
        database.connect(used.mongodb_uri, used.database)
        try:
            await migrations.bring_up_to_date()
            audits = await audit.audit_all(datetime.now(UTC))
            doors = {event_id: await door.differences(event_id) for event_id in await door.events()}
        finally:
            database.close()
    found = [f"event {one.id}: {finding}" for one in audits for finding in one.findings]
    found += [f"door of event {event_id}: {finding}" for event_id, some in doors.items() for finding in some]
    for line in found:
        print(line)
    notes, taken = sum(one.notes for one in audits), sum(one.taken for one in audits)
    counted = f"{len(audits)} events, {taken:,} places taken, {notes:,} notes in the ledger, {len(doors)} doors"
    print(f"{len(found)} drift: {counted}")
    return 1 if found else 0
