"""How passkeys are kept, and which challenges were answered already."""

from datetime import datetime, timedelta
from enum import StrEnum

from webapp import database
from webapp.database import DuplicateKeyError, IndexModel, Session, db
from webapp.errors import Conflict, Invalid, NotFound
from webapp.mail import store as mails
from webapp.people import letters, sessions
from webapp.people.passkeys import Made, Passkey
from webapp.people.person import Account
from webapp.walls import signing

MOST = 20
CHALLENGE_LASTS = timedelta(minutes=5)
GONE = "There is no such passkey any more."
TOO_LATE = "That took too long, or was sent twice. Please try again."

database.keep(
    "passkeys",
    IndexModel("credential_id", unique=True),
    IndexModel([("person_id", 1), ("created_at", 1)]),
    images=True,
)
database.keep("answered_challenges", IndexModel("expires_at", expireAfterSeconds=0))


class To(StrEnum):
    """What a challenge may be answered for."""

    SIGN_IN = "sign in"
    CONFIRM = "confirm"
    ADD = "add"


def challenge(to: To, holder: str) -> bytes:
    """A challenge for one purpose and one browser: signed, so that nothing is kept before it is answered."""
    return signing.sign(f"passkey to {to}", f"{holder}:{database.new_id()}").encode()


async def use_challenge(given: bytes, to: To, holder: str, *, now: datetime) -> None:
    """Uses a challenge up. Raises Invalid unless this browser was given it for this, lately, and it was not used."""
    value = signing.read(f"passkey to {to}", given.decode(errors="replace"), within=CHALLENGE_LASTS)
    if value is None or value.rpartition(":")[0] != holder:
        raise Invalid({"": TOO_LATE})
    try:
        # Remembered a little longer than the signature is good for.
        await db().answered_challenges.insert_one({"_id": value, "expires_at": now + 2 * CHALLENGE_LASTS})
    except DuplicateKeyError:
        raise Invalid({"": TOO_LATE}) from None


async def of(person_id: str) -> list[Passkey]:
    """A person's passkeys, in the order they were added."""
    found = await db().passkeys.find({"person_id": person_id}).sort([("created_at", 1), ("_id", 1)]).to_list(MOST)
    return [Passkey.model_validate(one) for one in found]


async def get(passkey_id: str, *, person_id: str) -> Passkey:
    """Raises NotFound, also for another person's."""
    found = await db().passkeys.find_one({"_id": passkey_id, "person_id": person_id})
    if found is None:
        raise NotFound(GONE)
    return Passkey.model_validate(found)


async def by_credential(credential_id: str) -> Passkey | None:
    found = await db().passkeys.find_one({"credential_id": credential_id})
    return Passkey.model_validate(found) if found else None


async def add(person: Account, made: Made, *, name: str, now: datetime) -> None:
    """Keeps a passkey and tells the person. Raises Conflict where it is kept already, or there are too many."""
    if await db().passkeys.count_documents({"person_id": person.id}) >= MOST:
        raise Conflict(f"You have {MOST} passkeys already; remove one that you do not use.")
    values = {"person_id": person.id, "name": name, "credential_id": made.credential_id}
    more = {"public_key": made.public_key, "sign_count": made.sign_count, "created_at": now, "used_at": None}

    async def keep(session: Session) -> None:
        await db().passkeys.insert_one({"_id": database.new_id(), **values, **more}, session=session)
        await mails.post(letters.passkey_added(name), to=person.email, now=now, session=session)

    try:
        await database.transaction(keep)
    except DuplicateKeyError:
        raise Conflict("This passkey was added already.") from None


async def rename(passkey: Passkey, name: str) -> None:
    await db().passkeys.update_one({"_id": passkey.id, "person_id": passkey.person_id}, {"$set": {"name": name}})


async def remove(person: Account, passkey: Passkey, *, here: str, now: datetime) -> list[str]:
    """Forgets a passkey, ends the sessions it began but that of `here`, and tells the person; answers what it ended.

    Raises NotFound when it is gone already.
    """

    async def forget(session: Session) -> list[str]:
        gone = await db().passkeys.delete_one({"_id": passkey.id, "person_id": person.id}, session=session)
        if not gone.deleted_count:
            raise NotFound(GONE)
        await mails.post(letters.passkey_removed(passkey.name), to=person.email, now=now, session=session)
        return await sessions.end_of_passkey(passkey.id, person_id=person.id, but=here, session=session)

    return await database.transaction(forget)


async def remove_all(person_id: str, session: Session) -> None:
    await db().passkeys.delete_many({"person_id": person_id}, session=session)


async def use(passkey: Passkey, sign_count: int, *, now: datetime) -> bool:
    """Notes that a passkey was shown; False when it is gone or was shown otherwise in the meantime."""
    as_it_was = {"_id": passkey.id, "sign_count": passkey.sign_count}
    used = await db().passkeys.update_one(as_it_was, {"$set": {"sign_count": sign_count, "used_at": now}})
    return bool(used.matched_count)
