"""The examples of docs/api.md run, and Schemathesis finds nothing, on the real program."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ops import fuzz
from webapp.settings import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text()


@pytest.fixture(scope="module")
def turnout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a Turnout, and a token of somebody who owns an organiser there."""
    with fuzz.running(Path(tmp_path_factory.mktemp("var"))) as found:
        yield found


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def at_home(command: list[str]) -> list[str]:
    """With addresses of this machine for those that an example would have called."""
    return [word.replace("https://example.org/", "https://127.0.0.1/") for word in command]


def ran(command: list[str], turnout: tuple[str, str]) -> str:
    address, token = turnout
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60) as program:
        slug = program.get("/api/v1/organisers").json()["items"][0]["slug"]
    said = {"TURNOUT": address, "TOKEN": token, "ORGANISER": slug, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(
        at_home(command), env=os.environ | said, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("number", "expected"), [(1, '"items"'), (2, '"title":"Jazz"'), (3, '"secret":"whsec_')])
def test_a_curl_example_runs(turnout: tuple[str, str], number: int, expected: str) -> None:
    assert expected in ran(["sh", "-c", examples("sh")[number]], turnout)


def test_the_python_example_runs(turnout: tuple[str, str]) -> None:
    assert ran([sys.executable, "-c", examples("python")[0]], turnout) == "confirmed 2\n"


@pytest.mark.timeout(240)
def test_schemathesis_finds_nothing(turnout: tuple[str, str]) -> None:
    """A few cases of each operation; `python -m ops.fuzz` asks thousands."""
    more = ("--phases", "fuzzing", "--generation-deterministic", "--continue-on-failure", "--max-time", "25")
    status, said = fuzz.fuzz(*turnout, 1, more=more)
    assert status == 0, said[-6000:]
