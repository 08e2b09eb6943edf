"""What people are written about teams. Nothing that somebody typed is quoted: a mail of ours must not carry theirs."""

from webapp.mail.letter import Letter
from webapp.organisers.organiser import Invitation


def invitation(one: Invitation) -> Letter:
    """To an address that is invited into a team."""
    said = [
        f"Somebody who runs events here invites you into their team, as {one.role.article}.",
        "The page behind the link says who it is. The link works once, for seven days.",
        "If you know nothing of this, ignore this mail; nothing happens.",
    ]
    letter = Letter(subject="You are invited into a team", paragraphs=said)
    return letter.with_link("See the invitation", "/invitation", one.id)
