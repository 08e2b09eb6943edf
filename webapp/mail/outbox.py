"""The mails that a development installation did not send, as they lie in var/outbox."""

import re
from base64 import b64encode
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from webapp.errors import NotFound

NAME = re.compile(r"[A-Za-z0-9-]{1,120}")
NEWEST = 30


@dataclass(frozen=True)
class Kept:
    """A mail as somebody would get it; `html` has its pictures in it."""

    id: str
    to: str
    reply_to: str
    subject: str
    text: str
    html: str
    files: tuple[str, ...]


def newest(folder: Path) -> list[Kept]:
    """The newest first."""
    files = sorted(folder.glob("[!.]*.eml"), reverse=True)[:NEWEST] if folder.is_dir() else []
    return [_read(file) for file in files]


def one(folder: Path, name: str) -> Kept:
    """Raises NotFound."""
    file = folder / f"{name}.eml"
    if not NAME.fullmatch(name) or not file.is_file():
        raise NotFound("There is no such mail; it may have been cleared away.")
    return _read(file)


def _read(file: Path) -> Kept:
    read = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    return Kept(
        id=file.stem,
        to=str(read["To"]),
        reply_to=str(read["Reply-To"] or ""),
        subject=str(read["Subject"]),
        text=_body(read, "plain"),
        html=_with_pictures(_body(read, "html"), read),
        files=tuple(str(part.get_filename()) for part in read.iter_attachments()),
    )


def _body(read: EmailMessage, kind: str) -> str:
    body = read.get_body((kind,))
    return str(body.get_content()) if body else ""


def _with_pictures(html: str, read: EmailMessage) -> str:
    for part in read.walk():
        if part.get_content_maintype() == "image" and part["Content-ID"]:
            name, content = str(part["Content-ID"]).strip("<>"), part.get_payload(decode=True)
            data = b64encode(content).decode() if isinstance(content, bytes) else ""
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    return html
