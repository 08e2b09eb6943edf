"""The page that tells people how Turnout works."""

from quart import Blueprint, Response

from webapp.access import allowed, anyone
from webapp.responses import page

pages = Blueprint("help", __name__)


@pages.get("/help")
@allowed(anyone)
async def show() -> Response:
    """Short answers for people who use Turnout."""
    return await page("help.html")
