"""Opens an account in a Turnout that runs in a process of its own."""

import re
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx

from tests.people.conftest import PASSWORD
from tests.product import eventually


def browser(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, trust_env=False, timeout=30)


def joined(address: str, var: Path, email: str) -> httpx.Client:
    """A browser in which somebody has just opened an account."""
    client = browser(address)
    assert client.post("/sign-up", data={"email": email}).status_code == 200
    token = mailed(var, email)
    given = {"token": token, "name": email.partition("@")[0], "new_password": PASSWORD}
    assert client.post("/join", data=given).status_code == 303
    return client


def mailed(var: Path, email: str) -> str:
    """The token of the last mail to an address, once it is there."""
    found: list[str] = []

    def is_there() -> bool:
        for file in sorted((var / "outbox").glob("[!.]*.eml"), key=lambda one: one.stat().st_mtime_ns):
            mail: Any = message_from_bytes(file.read_bytes(), policy=policy.default)
            link = re.search(r"\?token=(\S+)", mail.get_body(("plain",)).get_content())
            if mail["To"] == email and link:
                found.append(link[1])
        return bool(found)

    eventually(is_there)
    return found[-1]
