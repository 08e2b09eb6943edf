"""The cookies of who signs in: the session's, a known browser's, and that of one asked for a passkey.

The door to quart_auth.
"""

import hashlib
from datetime import timedelta
from typing import cast

from quart import Quart, Response, current_app, request
from quart_auth import Action, AuthUser, QuartAuth
from werkzeug.http import parse_cookie

from webapp.database import new_id
from webapp.people.sessions import ABSOLUTE
from webapp.settings import Settings
from webapp.walls import signing

KNOWN = "known browser"
KNOWN_LASTS = timedelta(days=365)
CEREMONY_LASTS = timedelta(hours=1)


def install(app: Quart, settings: Settings) -> None:
    """Lets the app read and write the cookies; the __Host- prefix needs https."""
    app.config["KNOWN_COOKIE"] = "turnout_known" if settings.is_plain else "__Host-turnout_known"
    app.config["CEREMONY_COOKIE"] = "turnout_ceremony" if settings.is_plain else "__Host-turnout_ceremony"
    QuartAuth(
        app,
        cookie_name="turnout_session" if settings.is_plain else "__Host-turnout_session",
        cookie_secure=not settings.is_plain,
        cookie_samesite="Lax",
        duration=int(ABSOLUTE.total_seconds()),
        salt="turnout session",
    )


def secret() -> str | None:
    """The session's secret that the current request carries, if its cookie was made here."""
    return _auth(current_app).load_user().auth_id


def secret_in(app: Quart, header: str) -> str | None:
    """The same for a Cookie header outside of a request."""
    value = parse_cookie(header).get(_auth(app).cookie_name or "")
    return _auth(app).load_token(value, app) if value else None


def give(secret: str) -> None:
    """Sends the session's secret with the answer."""
    _auth(current_app).login_user(AuthUser(secret, Action.WRITE_PERMANENT))


def take_away() -> None:
    """Lets the browser forget the session's secret."""
    _auth(current_app).logout_user()


def know_again(response: Response, person_id: str) -> Response:
    """Marks a browser as one in which this person signed in."""
    return _set(response, "KNOWN_COOKIE", signing.sign(KNOWN, f"{person_id}:{new_id()}"), KNOWN_LASTS)


def known_as(person_id: str) -> str | None:
    """The browser's own name, if this person has signed in with it before."""
    value = request.cookies.get(current_app.config["KNOWN_COOKIE"], "")
    owner, _, name = (signing.read(KNOWN, value, within=KNOWN_LASTS) or "").partition(":")
    return name if name and owner == person_id else None


def ceremony() -> str:
    """What marks this browser as one that was asked for a passkey; a new mark where it has none."""
    return request.cookies.get(current_app.config["CEREMONY_COOKIE"]) or new_id()


def keep_ceremony(response: Response, mark: str) -> Response:
    """Marks the browser."""
    return _set(response, "CEREMONY_COOKIE", mark, CEREMONY_LASTS)


def hidden(mark: str) -> str:
    """A mark as a page may know it."""
    return hashlib.sha256(mark.encode()).hexdigest()[:32]


def _set(response: Response, name: str, value: str, lasts: timedelta) -> Response:
    is_secure = bool(_auth(current_app).cookie_secure)
    response.set_cookie(current_app.config[name], value, max_age=lasts, httponly=True, secure=is_secure, samesite="Lax")
    return response


def _auth(app: Quart) -> QuartAuth:
    return cast(QuartAuth, app.extensions["QUART_AUTH"][0])
