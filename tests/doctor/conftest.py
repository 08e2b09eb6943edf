"""A Turnout that is well, whose settings a test may spoil one by one."""

from pathlib import Path
from typing import Any

import pytest

from tests.product import running
from webapp import embedded
from webapp.settings import Settings

SECRET = "a secret for the doctor, 0123456789 and more"


@pytest.fixture(scope="module")
def well(servers: embedded.Addresses, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The settings of a running Turnout in which nothing is wrong."""
    var = Path(tmp_path_factory.mktemp("var"))
    urls = {"mongodb_uri": servers.mongodb_uri, "redis_url": servers.redis_url}
    environment = {"MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url, "TURNOUT_DATABASE": "doctor"}
    with running(var, **environment, TURNOUT_SECRET=SECRET) as (_, address):
        yield Settings(**urls, database="doctor", secret=SECRET, var=var, public_url=address)
