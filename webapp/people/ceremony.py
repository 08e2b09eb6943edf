"""Ceremonies with passkeys: what this request and this browser bring to them."""

from quart import Response, current_app, request

from webapp.access import origin_of, who
from webapp.errors import Invalid, NotFound
from webapp.people import cookies, passkey_store, passkeys
from webapp.people.passkey_store import To
from webapp.people.passkeys import Made, Passkey, Site
from webapp.people.person import Account
from webapp.responses import now

NOT_HERE = "Passkeys do not work at this address."


def site() -> Site | None:
    """The site that this request is for; None where browsers give no passkeys."""
    return passkeys.site_of(origin_of(_public_url() or f"{request.scheme}://{request.host}"))


def address_by_name() -> str:
    """Where this machine can be asked for by name, so that there are passkeys; "" where that does not help."""
    name, _, port = request.host.rpartition(":")
    return f"http://localhost:{port}" if name in {"127.0.0.1", "[::1]"} and not _public_url() else ""


async def offer_to_sign_in() -> Response:
    """Asks for any passkey of this site; the browser is marked, so that only it can answer."""
    mark = cookies.ceremony()
    challenge = passkey_store.challenge(To.SIGN_IN, _anonymous(mark))
    return cookies.keep_ceremony(_json(passkeys.to_show(_site(), challenge)), mark)


async def offer_to_confirm() -> Response:
    """Asks for one of this person's passkeys."""
    among = await passkey_store.of(who().id)
    return _json(passkeys.to_show(_site(), passkey_store.challenge(To.CONFIRM, _session()), among))


async def offer_to_add(person: Account) -> Response:
    """Asks for a new passkey."""
    there = await passkey_store.of(person.id)
    return _json(passkeys.to_make(_site(), person, there, passkey_store.challenge(To.ADD, _session())))


async def shown_to_sign_in(text: str) -> Passkey:
    """The passkey that this browser has shown. Raises Invalid."""
    return await _shown(text, To.SIGN_IN, _anonymous(cookies.ceremony()))


async def shown_to_confirm(text: str) -> Passkey:
    """The passkey of this person that was shown. Raises Invalid."""
    passkey = await _shown(text, To.CONFIRM, _session())
    if passkey.person_id != who().id:
        raise Invalid({"": passkeys.WRONG})
    return passkey


async def made(text: str) -> Made:
    """The passkey that was made in this session. Raises Invalid."""
    answer = passkeys.read_made(text)
    challenge = passkeys.challenge_in(answer)
    await passkey_store.use_challenge(challenge, To.ADD, _session(), now=now())
    return passkeys.check_made(answer, _site(), challenge)


async def _shown(text: str, to: To, holder: str) -> Passkey:
    answer = passkeys.read_shown(text)
    challenge = passkeys.challenge_in(answer)
    await passkey_store.use_challenge(challenge, to, holder, now=now())
    passkey = await passkey_store.by_credential(answer.id)
    if passkey is None:
        raise Invalid({"": passkeys.WRONG})
    count = passkeys.check_shown(answer, _site(), challenge, passkey)
    if not await passkey_store.use(passkey, count, now=now()):
        raise Invalid({"": passkeys.WRONG})
    return passkey


def _site() -> Site:
    found = site()
    if found is None:
        raise NotFound(NOT_HERE)
    return found


def _public_url() -> str:
    return str(current_app.extensions["settings"].public_url)


def _anonymous(mark: str) -> str:
    return f"browser {cookies.hidden(mark)}"


def _session() -> str:
    known = who().known
    return f"session {known.session_id if known else ''}"


def _json(text: str) -> Response:
    return Response(text, content_type="application/json")
