"""Fetching a calendar from an address, without letting a page reach into the network that the server stands in."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from webapp.errors import Invalid
from webapp.imports.calendar import LARGEST

SECONDS = 20
MOST_REDIRECTS = 5
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
PORTS = {80, 443, 8000, 8080, 8443}
HEADERS = {"Accept": "text/calendar, */*;q=0.5", "User-Agent": "Turnout", "Accept-Encoding": "identity"}


async def fetch(url: str, *, inside: bool = False) -> bytes:
    """The bytes at an http or https address. Raises Invalid with a sentence.

    Addresses inside the network are refused unless `inside`, also behind redirects: the name is looked up once, and the
    connection goes to exactly the address that was checked.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await _follow(_normal(url), inside)
    except TimeoutError:
        raise _refused(f"That address did not answer within {SECONDS} seconds; try again later.") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise _refused("That address could not be reached; check how it is written.") from None


def _normal(url: str) -> str:
    url = url.strip()
    return f"https://{url.removeprefix('webcal://')}" if url.startswith("webcal://") else url


async def _follow(url: str, inside: bool) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        _check_form(url, inside)
        async with httpx.AsyncClient(timeout=10, trust_env=inside, headers=HEADERS) as client:
            request = await pinned(client, "GET", url, inside=inside)
            response = await client.send(request, stream=True)
            try:
                if not response.has_redirect_location:
                    return await _body(response)
                url = str(httpx.URL(url).join(response.headers["location"]))
            finally:
                await response.aclose()
    raise _refused("That address leads on and on; use the address of the calendar itself.")


async def _body(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise _refused(f"That address answered {response.status_code} {response.reason_phrase}, not a calendar.")
    data = bytearray()
    async for part in response.aiter_raw():
        data += part
        if len(data) > LARGEST:
            raise _refused(f"The calendar at that address is larger than {LARGEST // 2**20} MiB.")
    return bytes(data)


async def pinned(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    inside: bool,
    headers: Mapping[str, str] | None = None,
    content: str | None = None,
) -> httpx.Request:
    """A request to the very address that was checked; the name stays in Host and in the certificate's check.

    Raises Invalid for an address inside the network, unless `inside`.
    """
    given = dict(headers or {})
    if inside:
        return client.build_request(method, url, headers=given, content=content)
    parts = httpx.URL(url)
    address = await _public_address(parts.host, parts.port or (443 if parts.scheme == "https" else 80))
    return client.build_request(
        method,
        parts.copy_with(host=address),
        headers={**given, "Host": parts.netloc.decode("ascii")},
        content=content,
        extensions={"sni_hostname": parts.host},
    )


def _check_form(url: str, inside: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _refused("Write an address that begins with https:// or http://.")
    if inside:
        return
    if parts.username or parts.password:
        raise _refused("Write the address without a name and password in it.")
    if parts.port not in {None, *PORTS}:
        raise _refused("Calendars are fetched from the usual web ports only.")


async def _public_address(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise _refused("Nobody knows that address; check how it is written.") from None
    addresses = {str(entry[4][0]) for entry in found}
    if not addresses or not all(is_public(address) for address in addresses):
        raise _refused("That address is inside a private network, which this Turnout does not reach into.")
    return min(addresses, key=lambda address: ":" in address)


def is_public(address: str) -> bool:
    """Whether an address lies on the open internet, also when it is one in the clothes of another."""
    given = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(given, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(given) & 0xFFFFFFFF) if given in NAT64 else None
        given = given.ipv4_mapped or given.sixtofour or translated or given
    return given.is_global and not given.is_multicast


def _refused(sentence: str) -> Invalid:
    return Invalid({"address": sentence})
