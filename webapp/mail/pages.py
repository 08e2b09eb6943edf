"""The mails that a development installation did not send, on a page. Registered in development only."""

from email import policy
from email.parser import BytesParser
from pathlib import Path

from quart import Blueprint, Response, current_app

from webapp.access import allowed, organiser
from webapp.responses import page

NEWEST = 30

pages = Blueprint("outbox", __name__)


@pages.get("/outbox")
@allowed(organiser)
async def outbox() -> Response:
    """The newest first."""
    folder = current_app.extensions["settings"].var / "outbox"
    files = sorted(folder.glob("[!.]*.eml"), reverse=True)[:NEWEST] if folder.is_dir() else []
    return await page("mail/outbox.html", mails=[_read(file) for file in files])


def _read(file: Path) -> dict[str, str]:
    read = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
    body = read.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    return {"id": file.stem, "to": str(read["To"]), "subject": str(read["Subject"]), "text": text}
