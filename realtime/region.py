"""A region is a named live part of a page: a loader, a partial, what it watches and who may see it."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

Context = dict[str, Any]
Loader = Callable[..., Awaitable[Context | None]]
Audience = Callable[..., bool | Awaitable[bool]]
Watches = Mapping[str, str | tuple[str, str]]

ANY = "*"
_UNSAFE = re.compile(rb"[^A-Za-z0-9]")
_ESCAPE = re.compile(rb"_([0-9a-f]{2})")

regions: dict[str, "Region"] = {}


class NoSuchRegion(ValueError):
    """No region has this key."""


@dataclass(frozen=True)
class Interest:
    """One thing a region waits for: a change of `collection` whose `field` equals `value` ("*": any change)."""

    collection: str
    field: str
    value: str


@dataclass(frozen=True)
class Bound:
    """A region with its arguments; `key` is its DOM id and its subscription."""

    region: "Region"
    args: tuple[str, ...]

    @property
    def key(self) -> str:
        return "-".join((self.region.name, *map(encoded, self.args)))

    @property
    def interests(self) -> list[Interest]:
        return [self.region.interest(name, rule, self.args) for name, rule in self.region.watches.items()]

    async def load(self) -> Context | None:
        """The current state for the partial, or None when the thing is gone."""
        return await self.region.loader(*self.args)

    async def may_be_seen_by(self, viewer: Any) -> bool:
        answer = self.region.visible_to(viewer, *self.args)
        return bool(await answer if inspect.isawaitable(answer) else answer)


@dataclass(frozen=True, eq=False)
class Region:
    """What `@region` makes of a loader. Calling it binds arguments; `load` awaits the loader itself."""

    name: str
    template: str
    watches: Watches
    visible_to: Audience
    loader: Loader
    parameters: tuple[str, ...]
    pace: float = 0.0

    def __call__(self, *args: str) -> Bound:
        if len(args) != len(self.parameters) or not all(isinstance(arg, str) for arg in args):
            raise TypeError(f"{self.name} takes {len(self.parameters)} strings, not {args!r}")
        return Bound(self, args)

    async def load(self, *args: str) -> Context | None:
        return await self.loader(*args)

    def interest(self, collection: str, rule: str | tuple[str, str], args: tuple[str, ...]) -> Interest:
        """`rule` is "*", a field, or (field, parameter); a bare field means its namesake, else the first."""
        if rule == ANY:
            return Interest(collection, ANY, "")
        field, parameter = rule if isinstance(rule, tuple) else (rule, rule)
        index = self.parameters.index(parameter) if parameter in self.parameters else 0
        return Interest(collection, field, args[index])


def region(template: str, *, watches: Watches, visible_to: Audience, pace: float = 0.0) -> Callable[[Loader], Region]:
    """Makes a loader a region drawn with `template` (relative to partials/); its name is the function's.

    `watches` maps a collection to the field that must equal an argument: "_id", a routing field, (field, parameter),
    or "*" for any change. `visible_to(viewer, *args)` answers whether a viewer may see it.
    Within `pace` seconds, where that is longer than a frame, it is drawn once at most: for what a busy collection
    changes all the time.
    """

    def declare(loader: Loader) -> Region:
        parameters = tuple(inspect.signature(loader).parameters)
        made = Region(loader.__name__, template, watches, visible_to, loader, parameters, pace)
        if not parameters and any(rule != ANY for rule in watches.values()):
            raise TypeError(f"{made.name} takes no argument, so it can only watch with '*'")
        if regions.setdefault(made.name, made) is not made:
            raise TypeError(f"There are two regions named {made.name}")
        return made

    return declare


def anyone(viewer: Any, *args: str) -> bool:  # noqa: ARG001
    """The audience of what is public."""
    return True


def routing_fields() -> dict[str, list[str]]:
    """For each watched collection the fields, beside `_id`, that a change must carry to find its regions."""
    fields: dict[str, set[str]] = {}
    for made in regions.values():
        for collection, rule in made.watches.items():
            field = rule[0] if isinstance(rule, tuple) else rule
            fields.setdefault(collection, set()).update({field} - {ANY, "_id"})
    return {name: sorted(fields[name]) for name in sorted(fields) if not name.startswith("@")}


def all_regions() -> list[Region]:
    """Every region there is, by name."""
    return [regions[name] for name in sorted(regions)]


def parse(key: str) -> Bound:
    """The region and arguments of a key. Raises NoSuchRegion, also for a key no Bound would have."""
    name, *parts = key.split("-")
    try:
        bound = regions[name](*map(_decoded, parts))
    except (KeyError, TypeError, ValueError) as error:
        raise NoSuchRegion(key) from error
    if bound.key != key:
        raise NoSuchRegion(key)
    return bound


def encoded(arg: str) -> str:
    """ASCII letters and digits stay, every other byte of the UTF-8 becomes `_` and two hex digits."""
    return _UNSAFE.sub(lambda found: b"_%02x" % found[0][0], arg.encode()).decode()


def _decoded(part: str) -> str:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), part.encode()).decode()
