"""Every door of the application with who may use it, as the table in docs/access.md."""

from quart import Quart

from realtime import all_regions
from webapp.access import handlers

HEAD = """# Who may use what

Written by `python -m webapp routes > docs/access.md`; a test compares. Changes (everything but GET) are refused to
pages of other sites. `/live/ws`, `/live/sse` and `/live/poll` stream the regions below, each only to who may see it.
"""


def table(app: Quart) -> str:
    """The page, in Markdown."""
    routes = sorted((path, methods, rule.__name__) for path, methods, rule in handlers(app))
    regions = [(one.name, ", ".join(one.watches), one.visible_to.__name__) for one in all_regions()]
    return "\n".join([HEAD, *_rows("Route", "Methods", routes), "", *_rows("Region", "Watches", regions), ""])


def _rows(first: str, second: str, rows: list[tuple[str, str, str]]) -> list[str]:
    return [
        f"| {first} | {second} | Who |",
        "|---|---|---|",
        *(f"| `{name}` | {what} | {who} |" for name, what, who in rows),
    ]
