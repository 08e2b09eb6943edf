"""Somebody who owns an organiser, for programs that fill a Turnout: made by the stores, signed in without a form."""

from datetime import UTC, datetime

from quart import Quart

from webapp.audit.actor import Actor
from webapp.organisers import store
from webapp.organisers.organiser import Founding, Organiser
from webapp.people import cookies, sessions
from webapp.people import store as people
from webapp.settings import Settings

EMAIL = "olive@example.org"


async def organiser(name: str) -> Organiser:
    """An organiser with its owner, in the connected database."""
    now = datetime.now(UTC)
    olive = await people.add(name="Olive", email=EMAIL, password="", now=now)
    return await store.found(Founding(name=name), by=Actor(olive.id, olive.name), now=now)


async def cookie(given: Settings, email: str = EMAIL) -> dict[str, str]:
    """The cookie of a browser in which somebody has just signed in, by its name."""
    somebody = await people.by_email(email)
    assert somebody
    secret = await sessions.begin(somebody.id, agent="", now=datetime.now(UTC))
    app = Quart(__name__)
    app.secret_key = given.secret
    cookies.install(app, given)
    auth = app.extensions["QUART_AUTH"][0]
    return {auth.cookie_name: auth.dump_token(secret, app)}
