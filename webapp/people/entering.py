"""Beginning and ending the session of the browser that asks, and where it is sent then."""

from urllib.parse import urlsplit

from quart import Response, current_app, request

from webapp.people import cookies, recognition, sessions
from webapp.people.person import Account
from webapp.responses import now, redirect


async def enter(person: Account, to: str, notice: str | None = None, *, passkey_id: str | None = None) -> Response:
    """Signs a person in: with a new secret, whatever the browser carried before."""
    await end_this()
    await begin(person.id, passkey_id)
    return cookies.know_again(await redirect(to, notice), person.id)


async def begin(person_id: str, passkey_id: str | None = None) -> None:
    """Begins a session in this browser."""
    agent = request.headers.get("User-Agent", "")[:500]
    cookies.give(await sessions.begin(person_id, agent=agent, now=now(), passkey_id=passkey_id))


async def end_this() -> None:
    """Ends the session that this browser carries, and every stream that it has open."""
    secret = cookies.secret()
    ended = await sessions.end_by_secret(secret) if secret else None
    if ended:
        await end_streams(recognition.session_subject(ended.id))


async def end_streams(subject: str) -> None:
    """Ends every stream of a session or a person (`recognition.session_subject`, `.person_subject`)."""
    await current_app.extensions["live"].revoke(subject)


def stays_here(path: str, otherwise: str = "/") -> str:
    """The path, if a browser reads it as a page of ours, else `otherwise`."""
    is_plain = path.startswith("/") and path.isascii() and path.isprintable() and "\\" not in path
    is_path = is_plain and not path.startswith("//") and urlsplit(path)[:2] == ("", "")
    return path if is_path else otherwise
