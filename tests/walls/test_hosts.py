"""Only the names of this Turnout are answered."""

import pytest
from quart import Quart

from tests.walls.conftest import Begin
from webapp.walls.hosts import is_known

PUBLIC = "https://turnout.example"


@pytest.mark.parametrize("host", ["turnout.example", "turnout.example:443"])
def test_the_public_name_is_known(host: str) -> None:
    assert is_known(host, PUBLIC, is_open=False)


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "turnout.example.evil.example", "turnout.example:80", "turnout.example@evil.example"),
        *("turnout.example/evil", "turnout.example evil", "localhost", "127.0.0.1", "turnout.example:443:443", "[::1"),
    ],
)
def test_with_a_public_name_no_other_is(host: str) -> None:
    assert not is_known(host, PUBLIC, is_open=False)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "a.localhost"])
def test_without_one_this_machine_is_known_to_itself(host: str) -> None:
    assert is_known(host, "", is_open=False)


def test_a_name_that_leads_here_by_somebody_elses_wish_is_not() -> None:
    assert not is_known("rebinding.example:8000", "", is_open=False)
    assert is_known("my-laptop.lan:8000", "", is_open=True)


async def test_another_name_is_refused_with_what_to_do(app: Quart) -> None:
    answer = await app.test_client().get("/", headers={"Host": "evil.example"})
    said = str(await answer.get_data(as_text=True))
    assert answer.status_code == 421
    assert "TURNOUT_PUBLIC_URL" in said
    assert "evil.example" not in said + str(answer.headers)


async def test_health_is_told_to_neighbours_by_any_name(app: Quart) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await app.test_client().get(path, headers={"Host": "10.1.2.3:8000"})).status_code == 200


async def test_streams_are_for_our_names_too(app: Quart) -> None:
    answer = await app.test_client().get("/live/poll?r=x", headers={"Host": "evil.example"})
    assert answer.status_code == 421


async def test_development_on_the_network_takes_any_name_and_production_none(begin: Begin) -> None:
    asked = {"Host": "my-laptop.lan"}
    for env, status in (("development", 200), ("production", 421)):
        app = await begin(env=env, host="0.0.0.0")
        assert (await app.test_client().get("/help", headers=asked)).status_code == status
