"""Every setting as the page docs/configuration.md, so that what is written there is what is so."""

import typing
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from webapp.settings import ROOT, Settings, variable

HEAD = """# Configuration

Written by `python -m webapp settings --markdown > docs/configuration.md`; a test compares. Settings come from the
environment and are read once, at the start; `NAME_FILE` names a file that holds the value instead, as containers
are handed secrets. A wrong one is named in a sentence and nothing starts. In production
`TURNOUT_ENV`, `TURNOUT_SECRET`, `TURNOUT_PUBLIC_URL`, `MONGODB_URI` and `REDIS_URL` have to be set; see
[security.md](security.md) for those that protect, and run `python -m webapp doctor` to see what is wrong.

| Variable | Default | What it does | Accepts |
|---|---|---|---|
"""


def page() -> str:
    """The page, in Markdown."""
    return HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    default = str(field.default).replace(str(ROOT) + "/", "")
    default = default.lower() if field.annotation is bool else default
    return f"| `{variable(name)}` | {f'`{default}`' if default else '-'} | {field.description} | {_accepted(field)} |\n"


def _accepted(field: FieldInfo) -> str:
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(field.annotation))
    if field.annotation is bool:
        return "`true`, `false`"
    bounds: dict[type, Any] = {type(bound): bound for bound in field.metadata}
    if Ge in bounds and Le in bounds:
        return f"{bounds[Ge].ge:,} to {bounds[Le].le:,}"
    return "text"
