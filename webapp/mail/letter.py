"""A letter: what one mail says, drawn as text and as HTML when it is sent."""

from typing import Self

from pydantic import BaseModel, ConfigDict

from webapp.mail.enclosure import NOTHING, Enclosure, Slip


class Letter(BaseModel):
    """A subject, paragraphs, and at most one link.

    `path` is an address of ours. `token` is the id of something that the link opens; it is signed when the letter is
    sent, so that nothing that is stored opens a door. `attachment` names what is made then for the id
    `enclosed`, or for `token`, and brought along.
    Answers go to the organiser `organiser_id`, where it has an address.
    """

    model_config = ConfigDict(frozen=True)

    subject: str
    paragraphs: list[str]
    label: str = ""
    path: str = ""
    token: str = ""
    attachment: str = ""
    enclosed: str = ""
    organiser_id: str = ""

    def with_link(self, label: str, path: str, token: str = "") -> Self:
        return self.model_copy(update={"label": label, "path": path, "token": token})

    def with_attachment(self, name: str, of: str = "") -> Self:
        return self.model_copy(update={"attachment": name, "enclosed": of})

    def of(self, organiser_id: str) -> Self:
        """The same, on behalf of an organiser."""
        return self.model_copy(update={"organiser_id": organiser_id})


def as_text(letter: Letter, link: str, enclosure: Enclosure = NOTHING) -> str:
    """The letter for a reader without HTML."""
    links = [*([(letter.label, link)] if link else []), *enclosure.links]
    parts = [*letter.paragraphs, *map(_slip, enclosure.slips), *(f"{label}:\n{address}" for label, address in links)]
    return "\n\n".join([*parts, "Turnout"]) + "\n"


def _slip(slip: Slip) -> str:
    return "\n".join([slip.title, *slip.lines, f"{slip.label}: {slip.link}"])
