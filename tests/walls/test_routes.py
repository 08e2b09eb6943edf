"""Who may use what is written down."""

import subprocess
import sys

from quart import Quart

from tests.product import ROOT
from webapp.routes import table


def test_the_table_in_the_documentation_is_what_is_so() -> None:
    written = (ROOT / "docs" / "access.md").read_text()
    command = [sys.executable, "-m", "webapp", "routes"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert written == said, "run: python -m webapp routes > docs/access.md"


async def test_every_route_is_in_it(app: Quart) -> None:
    found = table(app)
    for rule in app.url_map.iter_rules():
        assert f"| `{rule.rule}` |" in found
