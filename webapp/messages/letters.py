"""A message as a letter to one person, and what is said when an event is called off."""

from webapp.mail.letter import Letter
from webapp.messages.message import Message
from webapp.places.letters import PAGE


def letter(message: Message, title: str, organiser: str, registration_id: str) -> Letter:
    """The message to somebody who registered; it ends with whom it is from."""
    sender = f"{message.by_name}, {organiser}" if message.by_name else organiser
    end = f"From {sender}, to those who registered for “{title}”."
    said = [part.strip("\n") for part in message.text.split("\n\n") if part.strip()]
    made = Letter(subject=message.subject, paragraphs=[*said, end]).with_attachment(message.encloses)
    return made.of(message.organiser_id).with_link("Your registration", PAGE, registration_id)


def called_off(title: str, when: str) -> tuple[str, str]:
    """Subject and text for those who would have come."""
    text = f"“{title}” is called off. It would have been on {when}.\n\nYou need not do anything."
    return f"Called off: {title}"[:120], text


def moved(title: str, before: str, after: str) -> tuple[str, str]:
    """Subject and text for those who come, when an event is at another time or in another place."""
    text = f"“{title}” is not when or where it was.\n\nNow:\n{after}\n\nBefore:\n{before}\n\nYour tickets stay good."
    return f"Changed: {title}"[:120], f"{text} If you cannot come any more, give your places back for others."


def taken_away(title: str, when: str) -> tuple[str, str]:
    """Subject and text for those who would have come to an event whose page is gone."""
    text = f"The page of “{title}” was taken away, so do not count on it. It would have been on {when}."
    return f"Taken away: {title}"[:120], f"{text}\n\nIf you have questions, answer whoever invited you."
