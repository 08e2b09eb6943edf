"""Calendars of others become events here: read, reconciled with what is there, and shown while it happens."""

from webapp.settings import Settings


async def run(given: Settings, source: str) -> int:
    """The command: imports a file or an address, and says how it went; 1 when nothing could be imported."""
    from webapp.imports import command  # the child process that reads calendars needs nothing of what this loads

    return await command.run(given, source)
