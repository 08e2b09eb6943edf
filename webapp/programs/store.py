"""How API tokens are kept: the hash of each, who it acts for, and when it was last used."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp import database, together
from webapp.audit import store as audit
from webapp.audit.actor import Actor
from webapp.audit.record import Kind as About
from webapp.audit.record import Subject
from webapp.database import IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.mail import store as mails
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Role
from webapp.people import store as people
from webapp.people import ties
from webapp.people.person import Account
from webapp.people.sessions import enabled
from webapp.programs import letters, secret
from webapp.programs.secret import Kind
from webapp.programs.token import API_VERSION, MOST, ApiToken, Wish
from webapp.together import Document

SEEN_EVERY = timedelta(minutes=1)
LISTED_AFTERWARDS = timedelta(days=30)
GONE = "That token is revoked already."

database.keep(
    "api_tokens",
    IndexModel("key", unique=True),
    IndexModel([("person_id", 1), ("organiser_id", 1)]),
    IndexModel("organiser_id"),
    IndexModel("expires_at", expireAfterSeconds=int(LISTED_AFTERWARDS.total_seconds())),
    images=True,
)
_by_key, _by_id = together.documents("api_tokens", "key"), together.documents("api_tokens")


async def create(wish: Wish, *, by: Account, now: datetime) -> str:
    """A new token of a person; answers its secret, which exists nowhere else. The person is mailed about it."""
    made, text = _made(wish, {"person_id": by.id, "organiser_id": ""}, by.id, now)
    await _check_room({"person_id": by.id, "organiser_id": ""})
    await database.transaction(lambda session: _keep(made, by, now, session))
    return text


async def create_for(organiser_id: str, wish: Wish, role: Role, *, by: Actor, now: datetime) -> str:
    """A new token of an organiser, which acts with this role, but never with a higher one than `by` has then."""
    maker = await people.get(by.person_id)
    made, text = _made(wish, {"organiser_id": organiser_id, "role": role.value}, maker.id, now)
    await _check_room({"organiser_id": organiser_id})
    shown = {name: made[name] for name in ("role", "scopes", "expires_at")}

    async def keep(session: Session) -> None:
        await _keep(made, maker, now, session)
        await audit.record(organiser_id, _about(made), "made", after=shown, by=by, now=now, session=session)

    await database.transaction(keep)
    return text


async def by_secret(text: str, *, now: datetime) -> tuple[ApiToken, Account] | None:
    """The token with this secret and whose it is, unless it is over; notes at most once a minute that it was used."""
    return await _in_force(await _by_key.ask(secret.kept(text)), now) if secret.is_whole(Kind.API_TOKEN, text) else None


async def by_id(token_id: str, *, now: datetime) -> tuple[ApiToken, Account] | None:
    """The same for a token that was recognised before."""
    return await _in_force(await _by_id.ask(token_id), now)


async def of(person_id: str) -> list[ApiToken]:
    """A person's own tokens, the newest first."""
    return await _list({"person_id": person_id, "organiser_id": ""})


async def of_organiser(organiser_id: str) -> list[ApiToken]:
    """An organiser's tokens with the names of their makers, the newest first."""
    found = await _list({"organiser_id": organiser_id})
    makers = db().people.find({"_id": {"$in": [one.person_id for one in found]}}, {"name": 1})
    names = {one["_id"]: one["name"] async for one in makers}
    return [one.model_copy(update={"maker": names.get(one.person_id, "")}) for one in found]


async def revoke(token_id: str, *, person_id: str) -> None:
    """Ends a person's own token. Raises NotFound for another's."""
    ended = await db().api_tokens.delete_one({"_id": token_id, "person_id": person_id, "organiser_id": ""})
    if not ended.deleted_count:
        raise NotFound(GONE)


async def revoke_for(organiser_id: str, token_id: str, *, by: Actor, now: datetime) -> None:
    """Ends an organiser's token. Raises NotFound for another's."""
    await _end({"_id": token_id, "organiser_id": organiser_id}, by, now)


async def give_back(token_id: str, *, by: Actor, now: datetime) -> None:
    """Ends a token that its own program needs no more."""
    await _end({"_id": token_id}, by, now)


@organisers.clears
async def end_all_of(organiser_id: str, _: datetime) -> None:
    """Takes away the tokens of an organiser that is deleted; without its team they opened nothing any more."""
    await db().api_tokens.delete_many({"organiser_id": organiser_id})


@ties.parted
async def end_with(person_id: str, session: Session) -> None:
    """Takes away every token that a person made."""
    await db().api_tokens.delete_many({"person_id": person_id}, session=session)


@ties.told
async def told(person_id: str) -> dict[str, Any]:
    """A person's own tokens, without what only serves to check them."""
    kept = [
        one.model_dump(mode="json", exclude={"person_id", "maker", "organiser_id", "role"})
        for one in await of(person_id)
    ]
    return {"api_tokens": kept}


async def _check_room(among: dict[str, Any]) -> None:
    if await db().api_tokens.count_documents(among, limit=MOST) >= MOST:
        raise Conflict(f"There are {MOST} tokens already. Revoke one that is not needed any more.")


def _made(wish: Wish, among: dict[str, Any], maker_id: str, now: datetime) -> tuple[dict[str, Any], str]:
    text = secret.fresh(Kind.API_TOKEN)
    kept = {
        "role": None,
        **among,
        "_id": database.new_id(),
        "key": secret.kept(text),
        "ending": text[-4:],
        "name": wish.name,
        "person_id": maker_id,
        "scopes": [scope.value for scope in wish.scopes],
        "api_version": API_VERSION,
        "created_at": now,
        "expires_at": now + wish.lasts,
    }
    return kept, text


async def _keep(made: dict[str, Any], maker: Account, now: datetime, session: Session) -> None:
    await db().api_tokens.insert_one(made, session=session)
    await mails.post(letters.token_made(), to=maker.email, now=now, session=session)


async def _in_force(found: Document | None, now: datetime) -> tuple[ApiToken, Account] | None:
    if found is None or found["expires_at"] <= now:
        return None
    person = await enabled(found["person_id"])
    if person is None:
        return None
    token = ApiToken.model_validate(found)
    if token.seen_at is None or now - token.seen_at > SEEN_EVERY:
        await db().api_tokens.update_one({"_id": token.id, "seen_at": token.seen_at}, {"$set": {"seen_at": now}})
    return token, person


async def _list(query: dict[str, Any]) -> list[ApiToken]:
    found = await db().api_tokens.find(query).sort([("created_at", -1), ("_id", 1)]).to_list(MOST)
    return [ApiToken.model_validate(one) for one in found]


async def _end(query: dict[str, Any], by: Actor, now: datetime) -> None:
    async def end(session: Session) -> None:
        ended = await db().api_tokens.find_one_and_delete(query, session=session)
        if ended is None:
            raise NotFound(GONE)
        if ended["organiser_id"]:
            await audit.record(ended["organiser_id"], _about(ended), "revoked", by=by, now=now, session=session)

    await database.transaction(end)


def _about(token: Mapping[str, Any]) -> Subject:
    return Subject(About.TOKEN, token["_id"], token["name"])
