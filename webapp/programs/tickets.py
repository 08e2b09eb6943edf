"""Tickets: a browser elsewhere cannot send a header with a WebSocket, so it brings a word that opens one, once."""

from datetime import UTC, datetime, timedelta

from webapp import database
from webapp.database import IndexModel, db
from webapp.programs import secret
from webapp.programs.access_token import Claims
from webapp.programs.secret import Kind
from webapp.programs.token import Scope

LASTS = timedelta(seconds=30)

database.keep("stream_tickets", IndexModel("expires_at", expireAfterSeconds=0))


async def give(claims: Claims, *, now: datetime) -> str:
    """A ticket for whoever these claims are about; the stream that it opens ends when they do."""
    text = secret.fresh(Kind.TICKET)
    kept = {
        "_id": secret.kept(text),
        "subject": claims.subject,
        "session_id": claims.session_id,
        "token_id": claims.token_id,
        "scopes": [scope.value for scope in claims.scopes],
        "until": claims.until,
        "expires_at": now + LASTS,
    }
    await db().stream_tickets.insert_one(kept)
    return text


async def take(text: str) -> Claims | None:
    """What a ticket is for. It is gone then, for every worker."""
    if not secret.is_whole(Kind.TICKET, text):
        return None
    query = {"_id": secret.kept(text), "expires_at": {"$gt": datetime.now(UTC)}}
    found = await db().stream_tickets.find_one_and_delete(query)
    if found is None:
        return None
    scopes = frozenset(map(Scope, found["scopes"]))
    return Claims(found["subject"], scopes, found["until"], found["session_id"], found["token_id"])
