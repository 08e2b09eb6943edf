"""Who is told which changes, and which of them they ask for. Rules only.

The same is said twice, as a query and as a question about one change; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.changes.change import INSTALLATION, NEEDS, Change, needed
from webapp.organisers.organiser import Role

MOST_KINDS = 50


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: an event's changes only, and only some kinds or families of them."""

    event_id: str = ""
    kinds: tuple[str, ...] = ()

    def query(self) -> dict[str, Any]:
        query: dict[str, Any] = {"event_id": self.event_id} if self.event_id else {}
        if self.kinds:
            query["$and"] = [{"$or": [{"kind": {"$in": self.kinds}}, {"family": {"$in": self.kinds}}]}]
        return query

    def has(self, change: Change) -> bool:
        is_there = not self.event_id or change.event_id == self.event_id
        return is_there and (not self.kinds or change.kind in self.kinds or change.family in self.kinds)


EVERYTHING = Wish()


@dataclass(frozen=True)
class Audience:
    """What somebody may be told, by the roles in the teams that they are in."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    is_admin: bool = False

    def query(self) -> dict[str, Any]:
        groups = [{"organiser_id": {"$in": theirs}, **_told_to(role)} for role, theirs in self._by_role().items()]
        if self.is_admin:
            groups.append({"organiser_id": INSTALLATION})
        return {"$or": groups} if groups else {"_id": ""}

    def has(self, change: Change) -> bool:
        if change.organiser_id == INSTALLATION:
            return self.is_admin
        role = self.roles.get(change.organiser_id)
        return role is not None and role >= change.needs

    def _by_role(self) -> dict[Role, list[str]]:
        roles = sorted(set(self.roles.values()), key=lambda role: role.rank)
        return {role: sorted(one for one, its in self.roles.items() if its == role) for role in roles}


def _told_to(role: Role) -> dict[str, Any]:
    if role >= needed(""):
        return {}
    return {"family": {"$in": sorted(family for family, needs in NEEDS.items() if role >= needs)}}
