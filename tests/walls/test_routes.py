"""Who may use what is written down."""

from quart import Quart

from tests.product import ROOT
from webapp.routes import table


async def test_the_table_in_the_documentation_is_what_is_so(app: Quart) -> None:
    written = (ROOT / "docs" / "access.md").read_text()
    assert written == table(app), "run: python -m webapp routes > docs/access.md"


async def test_every_route_is_in_it(app: Quart) -> None:
    found = table(app)
    for rule in app.url_map.iter_rules():
        assert f"| `{rule.rule}` |" in found
