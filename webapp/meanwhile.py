"""A form that was open for long: what it showed, what is there now, and what was typed, field by field.

The form carries what it showed in a hidden field, so nothing is kept for it. What somebody else changed alone is taken
over, what both changed is left as it was typed, and either is said beside the field before it is saved.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from webapp.errors import Conflict, EditedMeanwhile

T = TypeVar("T")
R = TypeVar("R")
Values = Mapping[str, Any]

OPENED = "opened"
TOLD = (
    "Somebody else has saved this since you opened it, so nothing was saved yet. Where you both changed something, "
    "what you typed stands here; saving again replaces theirs."
)


class Meanwhile(Conflict):
    """Somebody else saved it: the form to show again, and a sentence for each field that is not as it was."""

    def __init__(self, values: dict[str, Any], fields: dict[str, str]) -> None:
        super().__init__(TOLD)
        self.values, self.fields = values, {"": TOLD, **fields}


def opening(values: Values) -> dict[str, Any]:
    """A form's values with what it shows, for its hidden field."""
    return {**values, OPENED: _shown(values)}


async def save(
    typed: Values,
    read: Callable[[], Awaitable[T]],
    values_of: Callable[[T], Values],
    write: Callable[[T], Awaitable[R]],
    names: Mapping[str, str] | None = None,
) -> R:
    """Writes what was typed over what is `read` now, unless that is not what the form showed. Raises Meanwhile.

    `write` is given what was read and raises EditedMeanwhile where it is not there any more; `names` says in words what
    stands in a field as an id.
    """
    while True:
        there = await read()
        check(typed, values_of(there), names)
        with suppress(EditedMeanwhile):
            return await write(there)


def check(typed: Values, there: Values, names: Mapping[str, str] | None = None) -> None:
    """Raises Meanwhile where a form showed something else than what is `there` now."""
    before = _read(str(typed.get(OPENED, "")))
    if before is None or json.dumps(before, sort_keys=True) == _shown(there):
        return
    values, fields = {name: typed[name] for name in typed}, dict[str, str]()
    for name, value in there.items():
        was, mine, theirs = (_plain(one) for one in (before.get(name), typed.get(name), value))
        if theirs in (was, mine):
            continue
        if mine == was:
            values[name] = value
            fields[name] = f"Somebody else changed this from {_said(was, names)} to {_said(theirs, names)}."
        else:
            fields[name] = wrote(_said(theirs, names) if theirs else "")
    raise Meanwhile(values | {OPENED: _shown(there)}, fields)


def differing(theirs: Values, mine: Values, fields: Iterable[str]) -> dict[str, str]:
    """A sentence for each field in which somebody else wrote something other than what was typed here."""
    pairs = {name: (_plain(theirs.get(name)), _plain(mine.get(name))) for name in fields}
    return {name: wrote(_said(his) if his else "") for name, (his, my) in pairs.items() if his != my}


def wrote(said: str) -> str:
    """What somebody is told whose field somebody else filled in otherwise."""
    return f"Somebody else wrote {said} meanwhile." if said else "Somebody else emptied this meanwhile."


def _shown(values: Values) -> str:
    return json.dumps({name: _plain(value) for name, value in values.items() if name != OPENED}, sort_keys=True)


def _read(text: str) -> Values | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _plain(value: Any) -> Any:
    """As a form sends it: text, or the chosen ones of several, whatever their order."""
    if isinstance(value, list | tuple | set):
        return sorted(str(one) for one in value) or ""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _said(value: Any, names: Mapping[str, str] | None = None) -> str:
    known = {"true": "yes", **(names or {})}
    if not value:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(f"“{known.get(one, one)}”" for one in value)
    return f"“{known.get(value, value)}”"
