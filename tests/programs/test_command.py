"""Replacing the signing key from the command line, beside a Turnout that runs."""

import re
from pathlib import Path

import httpx

from tests.product import program, running
from webapp.demo import team
from webapp.settings import read


def test_a_key_is_replaced_and_programs_refresh(tmp_path: Path) -> None:
    with running(tmp_path) as (_, address), httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        shown = {"email": team.OWNER, "password": team.password_of(read().secret)}
        tokens = http.post("/api/v1/tokens", json=shown).json()
        said, errors = program(tmp_path, "keys", "rotate", "--at-once").finished(timeout=60)
        found = re.fullmatch(r"The key (\w+) signs from now on.\n1 older verify no more .*\n", said)
        assert found, errors
        assert [key["kid"] for key in http.get("/api/v1/tokens/keys").json()["keys"]] == [found[1]]
        refreshed = http.post("/api/v1/tokens", json={"refresh_token": tokens["refresh_token"]}).json()
        header = {"Authorization": f"Bearer {refreshed['access_token']}"}
        assert http.get("/api/v1/tokens/current", headers=header).status_code == 200
