"""The mails that a development installation did not send, on a page. Registered in development only."""

from pathlib import Path

from quart import Blueprint, Response, current_app

from webapp.access import allowed, anyone
from webapp.mail import outbox as kept
from webapp.responses import page

# A mail brings its own styles, and nothing else.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"

pages = Blueprint("outbox", __name__)


@pages.get("/outbox")
@allowed(anyone)
async def outbox() -> Response:
    """The newest first."""
    return await page("mail/outbox.html", mails=kept.newest(_folder()))


@pages.get("/outbox/<mail_id>")
@allowed(anyone)
async def as_html(mail_id: str) -> Response:
    """One of them as a mail program shows it."""
    html = kept.one(_folder(), mail_id).html
    return Response(html, headers={"Content-Security-Policy": POLICY}, content_type="text/html; charset=utf-8")


def _folder() -> Path:
    return Path(current_app.extensions["settings"].var) / "outbox"
