"""A change in a team counts at once for streams that are open, on both workers of the real program."""

import asyncio
import re

import httpx

from tests.live.conftest import Turnout
from tests.live.test_sessions import watching
from tests.people.joining import browser
from tests.product import signed_in
from tests.realtime.watching import Watcher

SECONDS = 2


def page_of(turnout: Turnout, email: str, path: str) -> tuple[str, str]:
    """What a page of somebody of the demo watches, and the cookies that let them."""
    cookies = signed_in(turnout.address, email)
    with browser(turnout.address) as theirs:
        theirs.cookies.update(cookies)
        found = re.search(r'data-shown="([^"]*)"', theirs.get(path).text)
    assert found
    return found[1], "; ".join(f"{name}={value}" for name, value in cookies.items())


async def watchers(turnout: Turnout, asked: str, cookie: str) -> list[Watcher]:
    return [await watching(turnout, transport, asked, cookie) for transport in ("ws", "sse") * 6]


def sent(turnout: Turnout, path: str, **typed: str) -> None:
    with httpx.Client(base_url=turnout.address, cookies=turnout.cookies, trust_env=False, timeout=30) as owner:
        assert owner.post(path, data=typed).status_code == 303


def person_id(turnout: Turnout, email: str) -> str:
    with turnout.database() as shell:
        return str(shell.people.find_one({"email_key": email})["_id"])


async def test_who_is_out_of_the_team_sees_nothing_more_of_it(turnout: Turnout) -> None:
    asked, cookie = await asyncio.to_thread(page_of, turnout, "editor@example.org", turnout.manage)
    open_ones = await watchers(turnout, asked, cookie)
    member = f"{turnout.manage}/team/{person_id(turnout, 'editor@example.org')}"
    await asyncio.to_thread(sent, turnout, f"{member}/remove")
    for watcher in open_ones:
        await watcher.until(lambda watcher=watcher: watcher.closed_with, SECONDS)
        await watcher.close()
    assert {watcher.closed_with for watcher in open_ones} == {4403, 1}
    for _ in range(8):
        with browser(turnout.address) as again:
            assert again.get(f"/live/poll?r={asked}", headers={"cookie": cookie}).status_code == 403


async def test_who_may_do_less_keeps_what_is_for_everyone(turnout: Turnout) -> None:
    path = f"/events/{turnout.next_event['slug']}/edit"
    draft, cookie = await asyncio.to_thread(page_of, turnout, "manager@example.org", path)
    public, _ = await asyncio.to_thread(page_of, turnout, "manager@example.org", path.removesuffix("/edit"))
    open_ones = await watchers(turnout, f"{draft}~{public}", cookie)
    member = f"{turnout.manage}/team/{person_id(turnout, 'manager@example.org')}"
    await asyncio.to_thread(sent, turnout, f"{member}/role", role="door")
    for watcher in open_ones:
        hidden = next(key for key in watcher.versions if key.startswith("event_status"))
        await watcher.until(lambda w=watcher, key=hidden: "no longer here" in w.shown.get(key, ""), SECONDS)
        assert not watcher.closed_with
        await watcher.close()
