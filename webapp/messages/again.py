"""What could not be delivered of a message: to whom, why, and trying it once more where they have an address now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp import database
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.database import Session, db
from webapp.errors import Conflict
from webapp.events.event import Event
from webapp.events.writing import about
from webapp.mail import store as mails
from webapp.mail.failing import Why
from webapp.messages import store
from webapp.messages.message import Message
from webapp.organisers import store as organisers
from webapp.registrations.posting import registration_of_ticket
from webapp.registrations.registration import Registration

Document = dict[str, Any]

SHOWN = 200
NOBODY = "Nothing of this message is waiting to be tried again; perhaps somebody else was quicker."


@dataclass(frozen=True)
class Undelivered:
    """A mail that did not arrive: whose it was, where it would go now, "" for nowhere, and why it did not."""

    mail_id: str
    registration_id: str
    name: str
    email: str
    why: Why | None
    at: datetime

    @property
    def can_go(self) -> bool:
        return bool(self.email)


async def undelivered(event: Event, message: Message, limit: int = SHOWN) -> list[Undelivered]:
    """What could not be delivered and is still known, in order."""
    rows = await mails.failed(message.id, limit)
    people = await _people(event, message, rows)
    addressed = await _addressed(event, message, list(people.values()), now=message.created_at)
    return [_undelivered(row, message, people, addressed) for row in rows]


async def send_again(event: Event, message: Message, *, by: Actor, now: datetime, mail_id: str = "") -> int:
    """Tries what could not be delivered once more, or one mail of it; says how many. Raises Conflict where none can go.

    It goes to the addresses of now; those who have no place any more are left out. A batch goes at a time, so that no
    mail of another kind waits behind many.
    """
    rows = await mails.failed(message.id, store.BATCH, mail_id)
    people = await _people(event, message, rows)
    addressed = await _addressed(event, message, list(people.values()), now=now)
    again = [addressed[row["_id"]] for row in rows if row["_id"] in addressed]

    async def keep(session: Session) -> int:
        count = await mails.try_again(again, session)
        if count:
            await store.count(message.id, {"failed": -count}, session)
            said = {"subject": message.subject, "people": count}
            who: dict[str, Any] = {"by": by, "now": now, "session": session, "after": said}
            await audit.record(event.organiser_id, about(event), "wrote again to", **who)
        return count

    count = await database.transaction(keep) if again else 0
    if not count:
        raise Conflict(NOBODY)
    return count


async def _people(event: Event, message: Message, rows: Sequence[Document]) -> dict[str, Registration]:
    ids = sorted({registration_of_ticket(_subject(row, message)) for row in rows})
    found = await db().registrations.find({"_id": {"$in": ids}, "event_id": event.id}).to_list(None)
    return {one["_id"]: Registration.model_validate(one) for one in found}


async def _addressed(
    event: Event, message: Message, people: Sequence[Registration], *, now: datetime
) -> dict[str, Document]:
    """The mails of a message to these people as they would go out now, by their ids."""
    organiser = await organisers.get(event.organiser_id)
    there = [one for one in people if one.state in message.states and one.email]
    made = [store.mail_to(message, one, event.title, organiser.name, now) for one in there]
    made += [mail for one in there for mail in store.mails_to_holders(message, one, event, organiser.name, now)]
    return {mail["_id"]: mail for mail in made}


def _undelivered(
    row: Document, message: Message, people: dict[str, Registration], addressed: dict[str, Document]
) -> Undelivered:
    subject = _subject(row, message)
    mine = people.get(registration_of_ticket(subject))
    ticket = next((one for one in mine.tickets if one.id == subject), None) if mine else None
    return Undelivered(
        mail_id=row["_id"],
        registration_id=mine.id if mine else "",
        name=(ticket.name if ticket and ticket.name else mine.name) if mine else "",
        email=addressed[row["_id"]]["to"] if row["_id"] in addressed else "",
        why=Why(row["why"]) if row.get("why") else None,
        at=row["ended_at"],
    )


def _subject(row: Document, message: Message) -> str:
    """The id of the registration or of the ticket that a mail of a message went to."""
    return str(row["_id"]).removeprefix(f"{message.id}-")
