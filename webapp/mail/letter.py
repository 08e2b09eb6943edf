"""A letter: what one mail says, drawn as text and as HTML when it is sent."""

from typing import Self

from pydantic import BaseModel, ConfigDict


class Letter(BaseModel):
    """A subject, paragraphs, and at most one link.

    `path` is an address of ours. `token` is the id of something that the link opens; it is signed when the letter is
    sent, so that nothing that is stored opens a door.
    """

    model_config = ConfigDict(frozen=True)

    subject: str
    paragraphs: list[str]
    label: str = ""
    path: str = ""
    token: str = ""

    def with_link(self, label: str, path: str, token: str = "") -> Self:
        return self.model_copy(update={"label": label, "path": path, "token": token})


def as_text(letter: Letter, link: str) -> str:
    """The letter for a reader without HTML."""
    parts = [*letter.paragraphs, *([f"{letter.label}:\n{link}"] if link else []), "Turnout"]
    return "\n\n".join(parts) + "\n"
