"""Schemathesis against the running program: its real document, a token that may everything, thousands of requests.

`python -m ops.fuzz [CASES [OPTION...]]` asks each operation up to so many times and says what was wrong: a 5xx, or an
answer that the document does not know. It starts servers of its own and needs nothing.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from ops import owner
from webapp import database, servers, settings
from webapp.people import store as people
from webapp.programs import store as tokens
from webapp.programs.token import Wish
from webapp.settings import ROOT, Settings

CASES, PHASES = 100, "examples,coverage,fuzzing"
FILL = "fill"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
EVERYTHING = Wish(name="Fuzz", read=True, write=True, checkin=True, admin=True, days="7")
EVENT = {"title": "Fuzzed", "starts": "2199-08-01T20:00", "ends": "2199-08-01T23:00", "zone": "Europe/Berlin"}
# These end what the others are about, so they are asked when the others are through.
ENDING = (
    *("webhooks_delete", "door_links_revoke", "events_delete", "events_cancel", "events_unpublish"),
    *("registrations_cancel", "holds_cancel", "teams_remove", "teams_appoint", "teams_leave", "organisers_delete"),
    "programs_sign_out",
)
# These would have it call whatever address stands in a request.
LEFT_OUT = ("webhooks_create", "webhooks_edit", "imports_start")


def fuzz(address: str, token: str, cases: int, *, more: tuple[str, ...] = ()) -> tuple[int, str]:
    """Asks every operation; answers the exit status, zero when all is well, and what was said."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        names = "\n".join(f'"path.{name}" = "{value}"' for name, value in _something(address, token).items())
        # Any version, so that edits come as far as their bodies.
        config.write_text(f'[parameters]\n{names}\n"header.If-Match" = "*"\n')
        command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run"]
        command += [f"{address}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token}"]
        command += ["--checks", ",".join(CHECKS), "--max-examples", str(cases), "--url", address, "--warnings", "off"]
        command += ["--no-shrink", "--suppress-health-check", "all", *(more or ("--phases", PHASES))]
        first, last = _named("exclude", *LEFT_OUT, *ENDING), _named("include", *ENDING)
        runs = [_ran([*command, *which], folder) for which in (first, last)]
    return max(one.returncode for one in runs), "\n".join(one.stdout + one.stderr for one in runs)


def _named(how: str, *operations: str) -> list[str]:
    return [word for name in operations for word in (f"--{how}-operation-id", name)]


def _ran(command: list[str], folder: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def _something(address: str, token: str) -> dict[str, str]:
    """One of everything, so that not all that is asked for is missing."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30, trust_env=False) as program:
        organiser = program.get("/organisers").json()["items"][0]["slug"]
        slug = program.post(f"/organisers/{organiser}/events", json=EVENT).json()["slug"]
        event = f"/events/{slug}"
        program.post(f"{event}/publish")
        kind = program.get(f"{event}/ticket-types").json()["items"][0]["id"]
        pool = program.post(f"{event}/pools", json={"name": "Balcony", "capacity": 3}).json()["id"]
        question = program.post(f"{event}/questions", json={"label": "Food?"}).json()["id"]
        held = program.post(f"{event}/holds", json={"tickets": {kind: 2}}).json()
        lists = program.get(f"{event}/check-in-lists").json()["items"][0]["id"]
        gate = program.post(f"{event}/gates", json={"name": "North"}).json()["id"]
        link = program.post(f"{event}/door-links", json={"name": "Evening"}).json()["id"]
        mine = program.post(f"{event}/holds", json={"tickets": {kind: 1}}).json()["token"]
        program.post(f"/registrations/{mine}/confirm", json={"name": "Ana", "email": "ana@example.org"})
        message = program.post(f"{event}/messages", json={"subject": "Soon", "text": "See you."}).json()["id"]
        hooks = f"/organisers/{organiser}/webhooks"
        hook = program.post(hooks, json={"url": "https://127.0.0.1/hook"}).json()["id"]
        delivery = program.post(f"{hooks}/{hook}/ping").json()["id"]
    return {
        "slug": slug,
        "organiser_slug": organiser,
        "type_id": kind,
        "pool_id": pool,
        "question_id": question,
        "token": held["token"],
        "registration_id": held["id"],
        "ticket_id": f"{held['id']}-1",
        "list_id": lists,
        "gate_id": gate,
        "webhook_id": hook,
        "delivery_id": delivery,
        "link_id": link,
        "message_id": message,
    }


@contextmanager
def running(var: Path) -> Iterator[tuple[str, str]]:
    """A Turnout of one worker with an organiser: its address, and a token of the owner."""
    with servers.chosen(settings.read({"TURNOUT_VAR": str(var)})) as given:
        token = _owners_token(given)
        environment = settings.environment(given) | {"PORT": "0", "TURNOUT_LOG_LEVEL": "error", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "webapp", "run"]
        started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert started.stdout
            found = re.search(r"http://\S+", started.stdout.readline())
            assert found
            yield found[0], token
        finally:
            started.terminate()
            started.communicate()


def _owners_token(given: Settings) -> str:
    """Made by a process of its own, so that whoever runs this keeps its own connection."""
    command = [sys.executable, "-m", "ops.fuzz", FILL]
    environment = settings.environment(given) | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.strip()


async def _filled(given: Settings) -> str:
    database.connect(given.mongodb_uri, given.database)
    await database.prepare()
    await owner.organiser("Quay Street Studio")
    olive = await people.by_email(owner.EMAIL)
    assert olive
    token = await tokens.create(EVERYTHING, by=olive, now=datetime.now(UTC))
    database.close()
    return token


def main() -> int:
    """Runs it; answers the exit status."""
    if sys.argv[1:] == [FILL]:
        print(asyncio.run(_filled(settings.read())))
        return 0
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    with tempfile.TemporaryDirectory() as var, running(Path(var)) as (address, token):
        status, said = fuzz(address, token, cases, more=tuple(sys.argv[2:]))
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main())
