"""How many tries people get, and by what they are told apart."""

import ipaddress
from collections.abc import Mapping

from quart import request

from webapp.errors import TooMany
from webapp.people import tries
from webapp.people.person import key_of
from webapp.responses import now

# Strangers share an account's tries, a known browser has its own; a whole conference may sit behind one address.
PER_ACCOUNT, PER_KNOWN, PER_ADDRESS = 20, 20, 200
MAILS_PER_ACCOUNT, MAILS_PER_ADDRESS = 4, 100


def of_stranger(email: str) -> Mapping[str, int]:
    """What a browser that is not known may try with an account."""
    return {**of_address(), f"account {key_of(email)}": PER_ACCOUNT}


def of_address() -> Mapping[str, int]:
    """What everybody behind one address may try together."""
    return {f"from {_network()}": PER_ADDRESS}


def of_known(browser: str) -> Mapping[str, int]:
    """What a browser in which the person signed in before may try."""
    return {f"known {browser}": PER_KNOWN}


async def may_mail(email: str) -> bool:
    """Whether to send: an address that gets too many is left in peace without a word."""
    await tries.spend({f"mails from {_network()}": MAILS_PER_ADDRESS}, now=now())
    try:
        await tries.spend({f"mails to {key_of(email)}": MAILS_PER_ACCOUNT}, now=now())
    except TooMany:
        return False
    return True


def _network() -> str:
    """The address that asks; of IPv6 the half that names a household."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
