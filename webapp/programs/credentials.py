"""A person's own credentials, shown by a program: as slow to guess as on the sign-in page, in the same count."""

from webapp.errors import NotSignedIn
from webapp.people import allowances, passwords, second, store, tries
from webapp.people.person import Account
from webapp.responses import now

WRONG = "This address and this password do not belong together."
WRONG_CODE = "This code is not right; it may be too old, or used already."
NEEDED = "This account takes a second step: send the code that its app shows, too."


async def person_with(email: str, password: str, code: str | None) -> Account:
    """The person whose credentials these are. Raises NotSignedIn and TooMany."""
    person = await store.by_email(email)
    allowed = allowances.of_stranger(email)
    await tries.spend(allowed, now=now())
    if not await passwords.is_right(password, person.password if person else None) or person is None:
        raise NotSignedIn(WRONG)
    await tries.give_back(allowed)
    if person.has_second_step:
        await _check(person, code)
    return person


async def _check(person: Account, code: str | None) -> None:
    if not code:
        raise NotSignedIn(NEEDED, {"code": NEEDED})
    allowed = {f"code {person.id}": allowances.PER_ACCOUNT}
    await tries.spend(allowed, now=now())
    secret = await store.second_step_secret(person)
    step = second.step_of(secret, code, after=person.totp_step, now=now()) if secret else None
    is_right = await store.use_step(person.id, step) if step else await store.use_recovery(person.id, second.kept(code))
    if not is_right:
        raise NotSignedIn(WRONG_CODE, {"code": WRONG_CODE})
    await tries.give_back(allowed)
