"""How people are kept. Whatever is mailed is written in the same transaction as what it is about."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webapp import database
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, NotFound
from webapp.mail import store as mails
from webapp.mail.letter import Letter
from webapp.mail.sending import LINK_LASTS
from webapp.people import letters, sessions
from webapp.people.person import Account, key_of

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


async def ask_to_join(email: str, *, now: datetime) -> None:
    """Mails a link to open an account, or, where there is one, what is true. Both cost the same."""
    await _ask(email, letters.known, letters.join, now)


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


async def join(link: Link, *, name: str, password: str, now: datetime) -> Account:
    """Uses a link up and opens an account with the address that it was mailed to; `password` is a hash."""
    values = {"name": name, "email": link.email, "email_key": key_of(link.email), "password": password}
    new = Account.model_validate({"_id": database.new_id(), "created_at": now, **values})

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
    await _set_second_step(person, {"totp": secret, "totp_step": step, "recovery": recovery}, now)


async def turn_second_step_off(person: Account, *, now: datetime) -> None:
    await _set_second_step(person, {"totp": "", "totp_step": 0, "recovery": []}, now)


async def use_step(person_id: str, step: int) -> bool:
    """Whether this time step is later than the last one used; it is the last one now."""
    used = await db().people.update_one({"_id": person_id, "totp_step": {"$lt": step}}, {"$set": {"totp_step": step}})
    return bool(used.modified_count)


async def use_recovery(person_id: str, code: str) -> bool:
    """Whether this hash of a recovery code was there; it is gone now."""
    used = await db().people.update_one({"_id": person_id, "recovery": code}, {"$pull": {"recovery": code}})
    return bool(used.modified_count)


async def delete(person: Account, *, now: datetime) -> None:
    """Takes a person away with everything that is only theirs."""

    async def take_away(session: Session) -> None:
        await db().people.delete_one({"_id": person.id}, session=session)
        await sessions.end_all(person.id, session)
        await db().links.delete_many({"person_id": person.id}, session=session)
        await db().links.delete_many({"email_key": person.email_key}, session=session)
        await mails.withdraw(person.email, session)
        await mails.post(letters.deleted(), to=person.email, now=now, session=session)

    await database.transaction(take_away)


async def everything(person: Account, *, now: datetime) -> dict[str, Any]:
    """What is kept of a person, without what only serves to check secrets."""
    account = person.model_dump(mode="json", include={"id", "name", "email", "created_at"})
    signed_in = [one.model_dump(mode="json", exclude={"person_id"}) for one in await sessions.of(person.id, now=now)]
    return {"account": {**account, "two_step_sign_in": person.has_second_step}, "signed_in": signed_in}


async def _ask(email: str, if_known: Callable[[str], Letter], if_not: Callable[[str], Letter], now: datetime) -> None:
    person = await by_email(email)
    letter, to = (if_known, person.email) if person else (if_not, email)
    opens = For.PASSWORD if person else For.JOINING

    async def keep(session: Session) -> None:
        link = await _link(opens, to, person.id if person else "", now, session)
        await mails.post(letter(link), to=to, now=now, session=session)

    await database.transaction(keep)


async def _link(opens: For, email: str, person_id: str, now: datetime, session: Session) -> str:
    kept = {"_id": database.new_id(), "opens": opens, "email": email, "email_key": key_of(email)}
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
