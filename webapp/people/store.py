"""How people are kept. Whatever is mailed is written in the same transaction as what it is about."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.mail import store as mails
from webapp.mail.letter import Letter
from webapp.mail.sending import LINK_LASTS
from webapp.people import letters, passkey_store, sessions, ties
from webapp.people.person import Account, key_of
from webapp.walls import sealing

log = structlog.get_logger()

USED = "This link was used already or is too old. Ask for a new one where you sign in."

database.keep("people", IndexModel("email_key", unique=True))
database.keep("links", IndexModel("person_id"), IndexModel("email_key"), IndexModel("expires_at", expireAfterSeconds=0))


class For(StrEnum):
    """What a mailed link opens."""

    JOINING = "joining"
    PASSWORD = "password"  # noqa: S105 - the word, not one
    ADDRESS = "address"


class Link(BaseModel):
    """What is kept of a mailed link: what it is for. Its id alone opens nothing, the mail has it signed."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(alias="_id")
    opens: For
    email: str
    person_id: str = ""
    to: str = ""
    """The page of ours that somebody came for."""


async def find(person_id: str) -> Account | None:
    found = await db().people.find_one({"_id": person_id})
    return Account.model_validate(found) if found else None


async def get(person_id: str) -> Account:
    """Raises NotFound."""
    found = await find(person_id)
    if found is None:
        raise NotFound("There is no such account; it may have been deleted.")
    return found


async def by_email(email: str) -> Account | None:
    found = await db().people.find_one({"email_key": key_of(email)})
    return Account.model_validate(found) if found else None


async def ask_to_join(email: str, *, now: datetime, to: str = "") -> None:
    """Mails a link to open an account, or, where there is one, what is true. Both cost the same."""
    await _ask(email, letters.known, letters.join, now, to)


async def ask_for_password(email: str, *, now: datetime) -> None:
    """Mails a link to choose a new password, or, where there is no account, what is true. Both cost the same."""
    await _ask(email, letters.password, letters.unknown, now)


async def ask_for_address(person: Account, email: str, *, now: datetime) -> None:
    """Mails a link to the new address; nothing changes until it is used."""
    is_taken = await by_email(email) is not None

    async def keep(session: Session) -> None:
        link = await _link(For.ADDRESS, email, person.id, now, session)
        await mails.post(letters.taken() if is_taken else letters.address(link), to=email, now=now, session=session)

    await database.transaction(keep)


async def link(link_id: str | None, opens: For, *, now: datetime) -> Link:
    """What a mailed link is for. Raises NotFound."""
    found = await db().links.find_one({"_id": str(link_id), "opens": opens, "expires_at": {"$gt": now}})
    if found is None:
        raise NotFound(USED)
    return Link.model_validate(found)


async def add(*, name: str, email: str, password: str, now: datetime) -> Account:
    """Opens an account with an address that nobody has to confirm; `password` is a hash."""
    new = _account(name, email, password, now)
    await db().people.insert_one(new.model_dump(by_alias=True))
    return new


async def join(link: Link, *, name: str, password: str, now: datetime) -> Account:
    """Uses a link up and opens an account with the address that it was mailed to; `password` is a hash."""
    new = _account(name, link.email, password, now)

    async def keep(session: Session) -> None:
        await _use_up(link, session)
        await db().people.insert_one(new.model_dump(by_alias=True), session=session)

    try:
        await database.transaction(keep)
    except DuplicateKeyError:
        raise Conflict("There is an account with this address by now. Sign in to it.") from None
    return new


async def choose_password(link: Link, password: str, *, now: datetime) -> Account:
    """Uses a link up, keeps another hash and signs the person out everywhere."""
    person = await get(link.person_id)

    async def keep(session: Session) -> None:
        await _use_up(link, session)
        await _set_password(person, password, now, session)

    await database.transaction(keep)
    return person


async def change_password(person: Account, password: str, *, now: datetime) -> None:
    """Keeps another hash and signs the person out everywhere."""
    await database.transaction(lambda session: _set_password(person, password, now, session))


async def take_address(link: Link, *, now: datetime) -> Account:
    """Uses a link up: the account has the new address, and the old one is told."""
    person = await get(link.person_id)

    async def keep(session: Session) -> None:
        await _use_up(link, session)
        await db().links.delete_many({"person_id": person.id}, session=session)
        address = {"email": link.email, "email_key": key_of(link.email)}
        await db().people.update_one({"_id": person.id}, {"$set": address}, session=session)
        await mails.post(letters.address_changed(link.email), to=person.email, now=now, session=session)

    try:
        await database.transaction(keep)
    except DuplicateKeyError:
        raise NotFound(USED) from None
    return person


async def rename(person_id: str, name: str) -> None:
    await db().people.update_one({"_id": person_id}, {"$set": {"name": name}})


async def turn_second_step_on(person: Account, secret: str, step: int, recovery: list[str], *, now: datetime) -> None:
    """From now on signing in takes a code; `recovery` are hashes."""
    sealed = sealing.seal(secret, about=_second_step_of(person.id))
    await _set_second_step(person, {"totp": sealed, "totp_step": step, "recovery": recovery}, now)


async def turn_second_step_off(person: Account, *, now: datetime) -> None:
    await _set_second_step(person, {"totp": "", "totp_step": 0, "recovery": []}, now)


async def second_step_secret(person: Account) -> str | None:
    """What the person's authenticator app has; None where it was sealed under a secret that is listed no more.

    One that is kept plain, or was sealed under an older secret, is sealed anew.
    """
    is_sealed = sealing.is_sealed(person.totp)
    secret = sealing.opened(person.totp, about=_second_step_of(person.id)) if is_sealed else person.totp
    if secret is not None and not person.totp.startswith(sealing.mark()):
        sealed = sealing.seal(secret, about=_second_step_of(person.id))
        await db().people.update_one({"_id": person.id, "totp": person.totp}, {"$set": {"totp": sealed}})
    return secret


async def seal_all() -> None:
    """Seals every second step under the secret of now, so that older secrets can be forgotten."""
    waiting = {"totp": {"$nin": ["", None], "$not": {"$regex": f"^{re.escape(sealing.mark())}"}}}
    unreadable = 0
    async for found in db().people.find(waiting):
        unreadable += await second_step_secret(Account.model_validate(found)) is None
    if unreadable:
        log.warning(
            "second steps cannot be read; put the secret they were sealed under into TURNOUT_OLD_SECRETS",
            count=unreadable,
        )


async def use_step(person_id: str, step: int) -> bool:
    """Whether this time step is later than the last one used; it is the last one now."""
    used = await db().people.update_one({"_id": person_id, "totp_step": {"$lt": step}}, {"$set": {"totp_step": step}})
    return bool(used.modified_count)


async def use_recovery(person_id: str, code: str) -> bool:
    """Whether this hash of a recovery code was there; it is gone now."""
    used = await db().people.update_one({"_id": person_id, "recovery": code}, {"$pull": {"recovery": code}})
    return bool(used.modified_count)


async def delete(person: Account, *, now: datetime) -> None:
    """Takes a person away with everything that is only theirs. Raises Conflict where somebody depends on them."""
    await database.transaction(lambda session: take_away(person, now=now, session=session))


async def take_away(person: Account, *, now: datetime, session: Session) -> None:
    """The same in the transaction of whoever has more to write."""
    await ties.end(person.id, session)
    await db().people.delete_one({"_id": person.id}, session=session)
    await sessions.end_all(person.id, session)
    await passkey_store.remove_all(person.id, session)
    await db().links.delete_many({"person_id": person.id}, session=session)
    await db().links.delete_many({"email_key": person.email_key}, session=session)
    await mails.withdraw(person.email, session)
    await mails.post(letters.deleted(), to=person.email, now=now, session=session)


async def everything(person: Account, *, now: datetime) -> dict[str, Any]:
    """What is kept of a person, without what only serves to check secrets."""
    account = person.model_dump(mode="json", include={"id", "name", "email", "created_at"})
    signed_in = [one.model_dump(mode="json", exclude={"person_id"}) for one in await sessions.of(person.id, now=now)]
    shown = {"name", "created_at", "used_at"}
    passkeys = [one.model_dump(mode="json", include=shown) for one in await passkey_store.of(person.id)]
    account["two_step_sign_in"] = person.has_second_step
    told = {"account": account, "signed_in": signed_in, "passkeys": passkeys}
    return {**told, **await ties.everything(person.id)}


def _second_step_of(person_id: str) -> str:
    return f"second step of {person_id}"


def _account(name: str, email: str, password: str, now: datetime) -> Account:
    values = {"name": name, "email": email, "email_key": key_of(email), "password": password}
    return Account.model_validate({"_id": database.new_id(), "created_at": now, **values})


async def _ask(
    email: str, if_known: Callable[[str], Letter], if_not: Callable[[str], Letter], now: datetime, to: str = ""
) -> None:
    person = await by_email(email)
    letter, address = (if_known, person.email) if person else (if_not, email)
    opens = For.PASSWORD if person else For.JOINING

    async def keep(session: Session) -> None:
        link = await _link(opens, address, person.id if person else "", now, session, to=to)
        await mails.post(letter(link), to=address, now=now, session=session)

    await database.transaction(keep)


async def _link(opens: For, email: str, person_id: str, now: datetime, session: Session, *, to: str = "") -> str:
    kept = {"_id": database.new_id(), "opens": opens, "email": email, "email_key": key_of(email), "to": to}
    await db().links.insert_one({**kept, "person_id": person_id, "expires_at": now + LINK_LASTS}, session=session)
    return str(kept["_id"])


async def _use_up(link: Link, session: Session) -> None:
    used = await db().links.delete_one({"_id": link.id}, session=session)
    if not used.deleted_count:
        raise NotFound(USED)


async def _set_password(person: Account, password: str, now: datetime, session: Session) -> None:
    await db().people.update_one({"_id": person.id}, {"$set": {"password": password}}, session=session)
    await db().links.delete_many({"person_id": person.id}, session=session)
    await sessions.end_all(person.id, session)
    await mails.post(letters.password_changed(), to=person.email, now=now, session=session)


async def _set_second_step(person: Account, values: dict[str, Any], now: datetime) -> None:
    async def keep(session: Session) -> None:
        await db().people.update_one({"_id": person.id}, {"$set": values}, session=session)
        letter = letters.second_step(is_on=bool(values["totp"]))
        await mails.post(letter, to=person.email, now=now, session=session)

    await database.transaction(keep)
