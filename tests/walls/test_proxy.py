"""Who really asks: claims of a trusted proxy count, claims of anybody else do not."""

from typing import Any

import pytest
from quart import request

from tests.walls.conftest import Begin, somebody
from webapp.access import allowed, anyone
from webapp.walls.proxy import address_of, networks, seen_through

TRUSTED = networks("10.0.0.0/8, ::1")
ALL = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https", "x-forwarded-host": "turnout.example"}


def scope(peer: str, *lines: tuple[str, str], kind: str = "http") -> dict[str, Any]:
    headers = [(name.encode(), value.encode()) for name, value in (("host", "inside:8000"), *lines)]
    return {"type": "http", "scheme": kind, "client": (peer, 4000), "headers": headers, "path": "/"}


def test_a_trusted_proxys_word_counts() -> None:
    seen = seen_through(scope("10.0.0.1", *ALL.items()), TRUSTED)
    assert (seen["client"][0], seen["scheme"]) == ("198.51.100.7", "https")
    assert seen["headers"] == [(b"host", b"turnout.example")]


def test_anybody_elses_word_is_taken_out() -> None:
    seen = seen_through(scope("198.51.100.9", *ALL.items()), TRUSTED)
    assert (seen["client"][0], seen["scheme"]) == ("198.51.100.9", "http")
    assert seen["headers"] == [(b"host", b"inside:8000")]


@pytest.mark.parametrize(
    ("claimed", "visitor"),
    [
        ("1.2.3.4, 198.51.100.7", "198.51.100.7"),  # the visitor wrote the first
        ("198.51.100.7, 10.9.9.9", "198.51.100.7"),  # a second trusted proxy
        ("10.1.1.1, 198.51.100.7, 10.9.9.9", "198.51.100.7"),  # the visitor claims to be a proxy
        ("198.51.100.7:5555", "198.51.100.7"),
        ("[2001:db8::7]:5555", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_is_the_visitor(claimed: str, visitor: str) -> None:
    assert seen_through(scope("10.0.0.1", ("x-forwarded-for", claimed)), TRUSTED)["client"][0] == visitor


def test_several_lines_are_one_list() -> None:
    lines = (("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "10.9.9.9"))
    assert seen_through(scope("::1", *lines), TRUSTED)["client"][0] == "198.51.100.7"


def test_a_stream_through_https_is_a_secure_one() -> None:
    assert seen_through(scope("10.0.0.1", *ALL.items(), kind="ws"), TRUSTED)["scheme"] == "wss"


def test_whoever_has_one_ipv6_address_has_all_of_its_network() -> None:
    assert address_of(scope("2001:db8::1")) == address_of(scope("2001:db8::2")) != address_of(scope("2001:db8:0:1::1"))


def test_networks_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="host bits"):
        networks("10.0.0.1/8")


@pytest.mark.parametrize(("trusted", "answers"), [("", [404, 429]), ("203.0.113.0/24", [404, 404])])
async def test_a_forged_address_gives_no_second_allowance(begin: Begin, trusted: str, answers: list[int]) -> None:
    client, visitor = (await begin(limit_writes="1/600", trusted_proxies=trusted)).test_client(), somebody()
    number = visitor["scope_base"]["client"][0].rpartition(".")[2]
    found = []
    for claimed in (f"198.51.{number}.1", f"198.51.{number}.2"):
        answer = await client.post("/nothing", headers={"X-Forwarded-For": claimed}, **visitor)
        found.append(answer.status_code)
    assert found == answers


async def test_handlers_see_the_visitor_and_never_the_claim(begin: Begin) -> None:
    app = await begin(trusted_proxies="203.0.113.0/24", public_url="https://turnout.example")

    @app.get("/mirror")
    @allowed(anyone)
    async def mirror() -> dict[str, Any]:
        return {"who": request.remote_addr, "route": list(request.access_route), "url": request.url}

    seen = await app.test_client().get("/mirror", headers={"Host": "inside", **ALL}, **somebody())
    url = "https://turnout.example/mirror"
    assert await seen.get_json() == {"who": "198.51.100.7", "route": ["198.51.100.7"], "url": url}
