"""The end of a session ends its open streams, on both workers of the real program."""

import asyncio
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import Turnout
from tests.people.conftest import PASSWORD
from tests.people.joining import browser, joined
from tests.product import processes
from tests.realtime.watching import Watcher

SECONDS = 2


def sign_out(ana: httpx.Client, _: str) -> None:
    ana.post("/sign-out")


def change_the_password(ana: httpx.Client, _: str) -> None:
    ana.post("/me/password", data={"password": PASSWORD, "new_password": "nine green herons"})


def delete_the_account(ana: httpx.Client, _: str) -> None:
    ana.post("/me/delete", data={"password": PASSWORD})


def sign_out_from_elsewhere(ana: httpx.Client, email: str) -> None:
    with browser(str(ana.base_url)) as other:
        other.post("/sign-in", data={"email": email, "password": PASSWORD})
        for id in re.findall(r"/me/devices/(\w+)/end\"", other.get("/me").text):  # noqa: A001
            other.post(f"/me/devices/{id}/end")


ENDINGS = [sign_out, change_the_password, delete_the_account, sign_out_from_elsewhere]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_no_stream_outlives_its_session(turnout: Turnout, end: Callable[[httpx.Client, str], None]) -> None:
    email = f"{secrets.token_hex(4)}@example.org"
    ana = await asyncio.to_thread(joined, turnout.address, turnout.var, email)
    asked, cookie = await asyncio.to_thread(mine, ana)
    before = sockets(turnout.var)
    watchers = [await watching(turnout, transport, asked, cookie) for transport in ("ws", "sse") * 10]
    assert all(after > was for was, after in zip(before, sockets(turnout.var), strict=True)), "one worker had none"
    await asyncio.to_thread(end, ana, email)
    for watcher in watchers:
        await watcher.until(lambda watcher=watcher: watcher.closed_with, SECONDS)
        await watcher.close()
    assert {watcher.closed_with for watcher in watchers} == {4401, 1}
    ana.close()
    for _ in range(8):
        with browser(turnout.address) as again:
            assert again.get(f"/live/poll?r={asked}", headers={"cookie": cookie}).status_code == 403


async def test_a_stream_of_somebody_else_stays(turnout: Turnout) -> None:
    email, other = (f"{secrets.token_hex(4)}@example.org" for _ in range(2))
    ana, ben = [await asyncio.to_thread(joined, turnout.address, turnout.var, one) for one in (email, other)]
    watcher = await watching(turnout, "ws", *await asyncio.to_thread(mine, ben))
    await asyncio.to_thread(sign_out, ana, email)
    await asyncio.sleep(1)
    ana.close()
    ben.close()
    assert not watcher.closed_with
    await watcher.close()


def mine(ana: httpx.Client) -> tuple[str, str]:
    """What Ana's account page watches, and the cookies that let her."""
    found = re.search(r'data-shown="([^"]*)"', ana.get("/me").text)
    assert found
    return found[1], "; ".join(f"{name}={value}" for name, value in ana.cookies.items())


async def watching(turnout: Turnout, transport: str, asked: str, cookie: str) -> Watcher:
    watcher = Watcher(int(turnout.address.rsplit(":", 1)[1]), transport, asked)
    watcher.headers["cookie"] = cookie
    await watcher.open()
    return watcher


def sockets(var: Path) -> list[int]:
    """How many sockets each worker has open."""
    workers = [pid for pid in processes(var) if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [sum(map(_is_socket, Path(f"/proc/{pid}/fd").iterdir())) for pid in sorted(workers)]


def _is_socket(file: Path) -> bool:
    try:
        return str(file.readlink()).startswith("socket:")
    except FileNotFoundError:  # closed since they were listed
        return False
