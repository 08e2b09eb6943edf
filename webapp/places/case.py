"""What one transaction about an event's places is about: what was read, what is decided, what is to be written."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from secrets import choice
from typing import Any

from webapp.folding import words_of
from webapp.places import tally
from webapp.places.standing import Line, Places, Standing
from webapp.places.wishes import Document, Outcome, Wish

FREED, OFFERED, LEFT, REMOVED, PAUSED, RESUMED = "freed", "offered", "left", "removed", "paused", "resumed"
"""What moves a line."""

TAKING = tally.TAKING
"""The states of a registration that has places."""

# No vowels, so no words; no letters or digits that look alike. 28 of them are 134 bits.
LETTERS = "23456789bcdfghjkmnpqrstvwxyz"
SECRET_LENGTH = 28


class Case:
    """Everything that one transaction is about: what was read, what is decided, what is to be written."""

    def __init__(
        self,
        event_id: str,
        standing: Standing,
        registrations: Iterable[Document] = (),
        entries: Iterable[Document] = (),
    ) -> None:
        self.event_id, self.standing = event_id, standing
        self.kept = {
            "registrations": {one["_id"]: one for one in registrations},
            "entries": {one["_id"]: one for one in entries},
        }
        self.steps: dict[tuple[str, str], int] = {}
        self.ledger: list[Document] = []
        self.tickets: list[Document] = []
        self.void: list[str] = []
        self.renamed: dict[str, Document] = {}
        self.letters: list[Document] = []
        self.records: list[Document] = []
        self.offers: list[Document] = []
        self.pools: list[Document] = []
        self.moves: list[Document] = []
        self._before: dict[str, Counter[str]] = {}

    def registration(self, subject: str) -> Document | None:
        return self.kept["registrations"].get(subject)

    def entry(self, subject: str) -> Document | None:
        return self.kept["entries"].get(subject)

    def record(self, wish: Wish, what: str, places: Places = {}, **more: Any) -> int:  # noqa: B006 - only read
        """Counts the places and notes it in the ledger and the audit; answers the number of the note."""
        self.standing.move(places)
        self.standing.number += 1
        number = self.standing.number
        note = {"_id": note_id(self.event_id, number), "event_id": self.event_id, "number": number, "what": what}
        moved = [{"pool_id": pool_id, "places": count} for pool_id, count in places.items()]
        who = {"organiser_id": self.standing.organiser_id, "subject": wish.id, "by": wish.by, "at": wish.now}
        self.ledger.append({**note, **who, "step": self.step_of(wish.id, number), "moved": moved, **more})
        self.records += wish.records
        return number

    def step_of(self, subject: str, otherwise: int) -> int:
        found = [kept[subject]["step"] for kept in self.kept.values() if subject in kept]
        return max(found) if found else otherwise

    def add(self, collection: str, document: Document) -> Document:
        """A document that is not there yet; it shares the steps of its namesake."""
        subject = document["_id"]
        self._note_before(subject)
        document["step"] = self.step_of(subject, 0) or 1
        self.kept[collection][subject] = document
        self.steps[collection, subject] = 0
        return document

    def change(self, subject: str) -> None:
        """What is kept of a subject is about to change, by one step."""
        self._note_before(subject)
        step = self.step_of(subject, 0) + 1
        for collection, kept in self.kept.items():
            if subject in kept:
                self.steps.setdefault((collection, subject), kept[subject]["step"])
                kept[subject]["step"] = step

    def settle(self, now: datetime) -> None:
        """Brings what everything comes to up to date. Its clock never goes back, whatever other workers' say."""
        for subject, before in self._before.items():
            self.standing.tally.update(self._tally_of(subject))
            self.standing.tally.subtract(before)
        self._before.clear()
        self.standing.at = max(self.standing.at or now, now)

    def _note_before(self, subject: str) -> None:
        if subject not in self._before:
            self._before[subject] = self._tally_of(subject)

    def _tally_of(self, subject: str) -> Counter[str]:
        return tally.of(self.registration(subject), self.entry(subject))

    def outcome(self, subject: str, refused: str = "") -> Outcome:
        return Outcome(self.registration(subject), self.entry(subject), refused)

    def move(self, wish: Wish, what: str, **about: Any) -> None:
        """Something of which whoever waits will hear, without a name: by the number of the note just written."""
        self.moves.append({"number": self.standing.number, "at": wish.now, "what": what, **about})

    def lines_of(self, entry: Document) -> list[tuple[Line, Document]]:
        """The lines in which somebody stands who wants several things, each with what is wanted there."""
        lines = self.standing.lines
        return [(lines.setdefault(one["ticket_type_id"], Line(pools=one["pools"])), one) for one in entry["parts"]]


def note_id(event_id: str, number: int) -> str:
    """There is one note of each number, and the notes of an event stand in order."""
    return f"{event_id}:{number:010}"


def places_of(tickets: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """What the tickets that are not cancelled take of each pool."""
    return Counter(pool_id for ticket in tickets if not ticket["is_cancelled"] for pool_id in ticket["pools"])


def issue(case: Case, registration: Document, only: Iterable[Document] | None = None) -> None:
    """Makes the tickets of a registration, or some of them, open the door."""
    shared = {name: registration[name] for name in ("organiser_id", "event_id", "number")}
    for ticket in registration["tickets"] if only is None else only:
        if not ticket["is_cancelled"]:
            ticket["is_issued"] = True
            of = {"registration_id": registration["_id"], "ticket_type_id": ticket["ticket_type_id"]}
            mine = {"state": "valid", "secret": new_secret(), **attendee(ticket, registration)}
            case.tickets.append({"_id": ticket["id"], **shared, **of, **mine})


def attendee(ticket: Document, registration: Document) -> Document:
    """Who comes with a ticket: without a name of its own whoever registered."""
    name = ticket.get("name") or registration["name"]
    return {"name": name, "email": ticket.get("email") or registration["email"], "words": words_of(name)}


def holder_of(ticket: Mapping[str, Any], contact: str) -> str:
    """The address that a ticket was passed on to; "" where whoever registered has it."""
    email = str(ticket.get("email") or "")
    return "" if email.casefold() == contact.casefold() else email.casefold()


def new_secret() -> str:
    """What opens the door to whoever shows it."""
    return "".join(choice(LETTERS) for _ in range(SECRET_LENGTH))
