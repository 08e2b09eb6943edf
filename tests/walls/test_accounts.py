"""Who is known is counted by account: nobody eats what a whole address may, and the other way round."""

from typing import Any

from quart import Quart

from tests.team import browser, somebody
from tests.walls.conftest import Begin
from tests.walls.conftest import somebody as visitor_from_somewhere
from tests.walls.test_limits import NOTHING, statuses
from webapp.people.person import Account
from webapp.programs import store
from webapp.programs.token import Wish
from webapp.responses import now

MISSING = "/api/v1/nothing"


async def token(person: Account) -> str:
    return await store.create(Wish(name="x", read=True, write=True, days="7"), by=person, now=now())


async def asked(app: Quart, times: int, visitor: dict[str, Any], bearer: str) -> list[int]:
    """How a program is answered that asks for changes."""
    headers = {"Authorization": f"Bearer {bearer}"}
    answers = [await app.test_client().post(MISSING, headers=headers, **visitor) for _ in range(times)]
    return [answer.status_code for answer in answers]


async def test_a_program_eats_neither_what_its_address_nor_what_its_person_has(begin: Begin) -> None:
    app, here, ana = await begin(limit_writes="2/600"), visitor_from_somewhere(), await somebody("ana")
    assert await asked(app, 3, here, await token(ana)) == [404, 404, 429]
    assert await statuses([app], 3, here, NOTHING, "POST") == {404: 2, 429: 1}
    hers = await browser(app, ana)
    assert [(await hers.post(NOTHING, **here)).status_code for _ in range(3)] == [404, 404, 429]


async def test_many_tokens_and_many_addresses_are_still_one_account(begin: Begin) -> None:
    app, ana = await begin(limit_writes="3/600"), await somebody("ana")
    found = [await asked(app, 1, visitor_from_somewhere(), await token(ana)) for _ in range(4)]
    assert found == [[404], [404], [404], [429]]


async def test_two_people_behind_one_address_do_not_share(begin: Begin) -> None:
    app, here = await begin(limit_writes="1/600"), visitor_from_somewhere()
    for name in ("ana", "ben"):
        assert await asked(app, 2, here, await token(await somebody(name))) == [404, 429]


async def test_a_token_that_is_not_good_counts_for_its_address(begin: Begin) -> None:
    app, here = await begin(limit_writes="2/600"), visitor_from_somewhere()
    assert await asked(app, 3, here, "nothing") == [401, 401, 429]


async def test_streams_of_a_program_count_by_its_account(begin: Begin) -> None:
    app, ana = await begin(limit_live="2/600"), await somebody("ana")
    answer = await app.test_client().post("/api/v1/tokens", json={"api_token": await token(ana)})
    headers = {"Authorization": f"Bearer {(await answer.get_json())['access_token']}"}
    path, found = "/live/poll?r=wrong", []
    for _ in range(3):
        found.append((await app.test_client().get(path, headers=headers, **visitor_from_somewhere())).status_code)
    assert found == [400, 400, 429]
