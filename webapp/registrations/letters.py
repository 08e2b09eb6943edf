"""What people are written about their registrations."""

from webapp.mail.letter import Letter
from webapp.places.letters import PAGE

CALENDAR = "calendar"
"""Encloses the event for the calendar of whoever comes."""

TICKETS = "tickets"
"""Encloses that and the tickets of a registration."""

TICKET = "ticket"
"""Encloses that and one ticket, as long as it belongs to whom the letter goes to."""

MANAGE = "The link below is yours: see your tickets there, change what you wrote, pass a ticket on, or cancel."


def confirmed(title: str, when: str, where: str, tickets: int, registration_id: str) -> Letter:
    """To somebody who has places."""
    places = "One ticket is" if tickets == 1 else f"{tickets} tickets are"
    said = [f"{places} yours for “{title}”.", "\n".join(part for part in (when, where) if part), MANAGE]
    letter = Letter(subject=f"Your registration: {title}", paragraphs=said).with_attachment(TICKETS)
    return letter.with_link("See it", PAGE, registration_id)


def changed(title: str, when: str, tickets: int, registration_id: str, *, is_asked: bool = False) -> Letter:
    """To somebody who has more tickets than before, or fewer; `is_asked` when there is something to answer."""
    now = "You have one ticket now" if tickets == 1 else f"You have {tickets} tickets now"
    subject = f"Please answer: {title}" if is_asked else f"Your registration has changed: {title}"
    asked = ["The organiser needs an answer about your new tickets. The link below leads to the question."]
    letter = Letter(subject=subject, paragraphs=[f"{now} for “{title}”.", when, *(asked if is_asked else ()), MANAGE])
    return letter.with_attachment(TICKETS).with_link("Answer it" if is_asked else "See it", PAGE, registration_id)


def with_question(letter: Letter) -> Letter:
    """The same, where the organiser needs an answer yet."""
    asked = "The organiser needs an answer from you yet: the link below leads to the question."
    return letter.model_copy(update={"paragraphs": [*letter.paragraphs, asked]})


def asked(title: str, registration_id: str) -> Letter:
    """To somebody whose request was given further tickets, about which something is to be answered."""
    said = [f"There are further tickets in your request for “{title}”, and the organiser needs an answer about them."]
    letter = Letter(subject=f"Please answer: {title}", paragraphs=[*said, MANAGE])
    return letter.with_link("Answer it", PAGE, registration_id)


def pending(title: str, registration_id: str) -> Letter:
    """To somebody whom the organiser has yet to say yes to."""
    said = [f"Your places for “{title}” are kept. The organiser looks at every registration; you will hear.", MANAGE]
    return Letter(subject=f"Your request: {title}", paragraphs=said).with_link("See it", PAGE, registration_id)


def passed_on(title: str, when: str, by: str, path: str, ticket_id: str) -> Letter:
    """To somebody who was given a ticket."""
    said = [f"{by} has a ticket for you for “{title}”.", when, "Show its code at the door."]
    letter = Letter(subject=f"A ticket for you: {title}", paragraphs=said).with_attachment(TICKET, ticket_id)
    return letter.with_link("See the event", path)


def taken_back(title: str) -> Letter:
    """To somebody whose ticket another has now."""
    said = [f"Your ticket for “{title}” is not yours any more: whoever registered gave it to somebody else."]
    return Letter(subject=f"Not your ticket any more: {title}", paragraphs=[*said, "Its code does not open the door."])


def cancelled(title: str, reason: str) -> Letter:
    """To somebody who has no places any more."""
    said = [f"Your registration for “{title}” was cancelled.", *([reason] if reason else [])]
    return Letter(subject=f"Cancelled: {title}", paragraphs=said)


def refused(title: str, reason: str) -> Letter:
    """To somebody whose request the organiser said no to."""
    said = [f"The organiser cannot give you places for “{title}”.", *([reason] if reason else [])]
    return Letter(subject=f"Your request: {title}", paragraphs=said)


def ticket_cancelled(title: str) -> Letter:
    """To somebody who was given a ticket that is cancelled."""
    said = [f"Your ticket for “{title}” was cancelled by whoever registered, or by the organiser."]
    return Letter(subject=f"Cancelled: {title}", paragraphs=[*said, "Its code does not open the door any more."])
