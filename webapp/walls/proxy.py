"""Who really asks: what proxies say about a visitor counts only where the operator trusts the proxy."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Scope = dict[str, Any]
Network = IPv4Network | IPv6Network

CLAIMS = {
    *(b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-prefix"),
    b"x-request-id",
}
SECURE = {"http": "https", "https": "https", "ws": "wss", "wss": "wss"}
PLAIN = {"http": "http", "https": "http", "ws": "ws", "wss": "ws"}


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a comma-separated list. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def seen_through(scope: Scope, trusted: Sequence[Network]) -> Scope:
    """The request as the outermost trusted proxy saw it. Nothing that an untrusted peer claims remains in it."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if not any(name.lower() in CLAIMS for name, _ in headers):
        return scope
    kept = [(name, value) for name, value in headers if name.lower() not in CLAIMS]
    peer = (scope.get("client") or ("",))[0]
    if not _is_trusted(peer, trusted):
        return {**scope, "headers": kept}
    host = _last(headers, b"x-forwarded-host")
    if host:
        kept = [(b"host", host.encode("latin-1")), *((name, value) for name, value in kept if name.lower() != b"host")]
    schemes = {"https": SECURE, "http": PLAIN}.get(_last(headers, b"x-forwarded-proto").lower(), {})
    visitor = _visitor(peer, _claimed(headers, b"x-forwarded-for"), trusted)
    return {
        **scope,
        "headers": kept,
        "client": (visitor, 0),
        "scheme": schemes.get(scope["scheme"], scope["scheme"]),
        "request_id": _last(headers, b"x-request-id"),
    }


def address_of(scope: Scope) -> str:
    """The visitor's address as limits count it: of IPv6 the /64, since whoever has one address has all of them."""
    return counted((scope.get("client") or ("",))[0])


def counted(address: str) -> str:
    """What stands for this address in a limit."""
    parsed = _parsed(address)
    if parsed is None:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)


def _visitor(peer: str, claimed: Sequence[str], trusted: Sequence[Network]) -> str:
    """The right-most address that is no trusted proxy. What stands left of it anybody could have written."""
    visitor = peer
    for claim in reversed(claimed):
        parsed = _parsed(claim)
        if parsed is None:
            break
        visitor = str(parsed)
        if not _is_trusted(visitor, trusted):
            break
    return visitor


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parsed(text: str) -> Any:
    """An address, with or without its port. None for what is none; IPv4 within IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _claimed(headers: Sequence[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    """The values of a header that is a list, in order, also when it was sent in several lines."""
    lines = [value.decode("latin-1") for name, value in headers if name.lower() == wanted]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]


def _last(headers: Sequence[tuple[bytes, bytes]], wanted: bytes) -> str:
    return next(reversed(_claimed(headers, wanted)), "")
