"""A letter as it goes over the wire: text and HTML, pictures inside the HTML, files beside it (RFC 2046, RFC 2392)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from webapp.mail.enclosure import Enclosure, File
from webapp.mail.letter import Letter, as_text

Render = Callable[[str, dict[str, object]], str]


@dataclass(frozen=True)
class Envelope:
    """From whom a mail comes, to whom it goes and where answers go; its id stays the same in every attempt."""

    id: str
    sender: str
    to: str
    reply_to: str
    base: str

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or "localhost"


@dataclass(frozen=True)
class Content:
    """What a mail says and brings along; `link` is where its letter leads."""

    letter: Letter
    link: str
    enclosure: Enclosure


def composed(envelope: Envelope, content: Content, render: Render, now: datetime) -> EmailMessage:
    """The mail."""
    made = EmailMessage(policy=SMTP)
    subject = " ".join(content.letter.subject.split())
    made["From"], made["To"], made["Subject"] = envelope.sender, envelope.to, subject
    if envelope.reply_to:
        made["Reply-To"] = envelope.reply_to
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{envelope.id}@{envelope.host}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(as_text(content.letter, content.link, content.enclosure))
    _add_html(made, envelope, content, render)
    for file in content.enclosure.files:
        _add(made, file)
    return made


def _add_html(made: EmailMessage, envelope: Envelope, content: Content, render: Render) -> None:
    slips = content.enclosure.slips
    named = [(slip, f"picture-{number}.{envelope.id}@{envelope.host}") for number, slip in enumerate(slips, 1)]
    context = {"letter": content.letter, "link": content.link, "slips": named, "links": content.enclosure.links}
    made.add_alternative(render("mail/letter.html", context), subtype="html")
    html = made.get_body(("html",))
    for number, (slip, name) in enumerate(named, 1):
        if slip.picture and isinstance(html, EmailMessage):
            file = f"picture-{number}.png"
            html.add_related(slip.picture, "image", "png", cid=f"<{name}>", disposition="inline", filename=file)


def _add(made: EmailMessage, file: File) -> None:
    kind, _, subtype = file.kind.partition("/")
    if kind == "text":
        text, named = file.content.decode(), dict(file.parameters)
        made.add_attachment(text, subtype=subtype, params=named, filename=file.name)
    else:
        made.add_attachment(file.content, kind, subtype, filename=file.name)
