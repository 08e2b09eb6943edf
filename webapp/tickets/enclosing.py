"""Tickets and calendar entries in mails. They are looked up when a mail is sent, so no mail that waits has a code."""

import asyncio
from collections.abc import Sequence

from webapp.door import codes
from webapp.errors import NotFound
from webapp.events.event import Event
from webapp.feeds.calendar import calendar
from webapp.mail.enclosure import NOTHING, Enclosure, File, Slip
from webapp.registrations import calendar as entries
from webapp.registrations import letters
from webapp.registrations import store as registrations
from webapp.tickets import store
from webapp.tickets.card import Card

PICTURE = "QR code of the ticket of {}. If you do not see it, open the ticket."


async def entry(registration_id: str, to: str, base: str) -> Enclosure:  # noqa: ARG001 - one shape for all
    """The event of a registration, for a calendar."""
    content = await entries.attached(registration_id, base)
    return Enclosure(files=(_calendar(content),)) if content else NOTHING


async def tickets(registration_id: str, to: str, base: str) -> Enclosure:
    """That, and the tickets of whoever registered, if that is still who the mail goes to."""
    brought = await entry(registration_id, to, base)
    try:
        mine = await registrations.get(registration_id)
        _, cards = await store.kept_by_contact(registration_id)
    except NotFound:
        return brought
    if mine.email != to:
        return brought
    printed = f"{base}{registrations.path_of(registration_id)}/tickets.pdf"
    return Enclosure(brought.files, await _slips(cards, base), (("All tickets to print (PDF)", printed),))


async def ticket(ticket_id: str, to: str, base: str) -> Enclosure:
    """A ticket that was passed on, for whoever has it now."""
    try:
        event, cards = await store.held_by(ticket_id, to)
    except NotFound:
        return NOTHING
    (card,) = cards
    page = f"{base}{card.path}"
    return Enclosure((_entry(event, page),), await _slips(cards, base), (("To print (PDF)", f"{page}/ticket.pdf"),))


BY_NAME = {letters.CALENDAR: entry, letters.TICKETS: tickets, letters.TICKET: ticket}
"""What a letter may name."""


async def _slips(cards: Sequence[Card], base: str) -> tuple[Slip, ...]:
    # Twenty codes are a third of a second of Python.
    pictures = await asyncio.to_thread(lambda: [codes.png(card.code) for card in cards])
    return tuple(_slip(card, base, picture) for card, picture in zip(cards, pictures, strict=True))


def _slip(card: Card, base: str, picture: bytes) -> Slip:
    lines = tuple(line for line in (card.kind, *card.entrances) if line)
    says = PICTURE.format(card.name)
    return Slip(card.name, lines, "Open the ticket", f"{base}{card.path}", picture, says)


def _entry(event: Event, url: str) -> File:
    return _calendar(calendar([(event, url)]))


def _calendar(content: bytes) -> File:
    return File("event.ics", "text/calendar", content, {"method": "PUBLISH"})
