"""Every door of the application with who may use it, as the table in docs/access.md: route by role, region by role."""

from collections.abc import Iterable

from quart import Quart

from realtime import all_regions
from realtime.region import Region
from webapp.access import NOBODY, Person, Rule, Team, check, handlers
from webapp.errors import NotAllowed, NotFound, NotSignedIn
from webapp.organisers.organiser import Role
from webapp.people.recognition import Known

HEAD = """# Who may use what

Written by `python -m webapp routes > docs/access.md`; tests compare it with the declarations, and ask every route as
everybody in its columns. **yes**: it is answered. **sign in**: a browser is sent to `/sign-in`, a program gets 401.
**403**: of the team, but this takes a higher role. **404**: not of the team, so there is nothing to know about.
*Other owner* owns another organiser. *Admin* looks after the installation (`TURNOUT_ADMINS`) and is in no team.

Below `/api/` nobody is known by a cookie, only by a token, and only as far as its scopes go.
A team's rule is about the organiser in the address: named by `<organiser_slug>`, or by the `<slug>` of its event.
What `anyone` may ask for shows each what they may see: a draft is 404 to everybody but its editors.
Changes (everything but GET) are refused to pages of other sites.
`/live/ws`, `/live/sse` and `/live/poll` stream the regions below, each only to who may see it; `myself` and `same_role`
regions are drawn for one person or one role, and stand here as those see them.
"""

THIS, OTHER = "this", "other"


def somebody(name: str, *, roles: dict[str, Role] | None = None, is_admin: bool = False) -> Person:
    """A person as the table means them."""
    return Person(name, name, Known(name, name, name), roles or {}, is_admin=is_admin, may_found=True)


PEOPLE: dict[str, Person] = {
    "anonymous": NOBODY,
    "signed in": somebody("signed in"),
    **{role.value: somebody(role.value, roles={THIS: role}) for role in Role},
    "other owner": somebody("other owner", roles={OTHER: Role.OWNER}),
    "admin": somebody("admin", is_admin=True),
}


def outcome(rule: Rule, person: Person) -> str:
    """What somebody is told who uses a handler with this rule, of this organiser where it is about one."""
    try:
        check(rule, person, THIS if isinstance(rule, Team) else None)
    except NotSignedIn:
        return "sign in"
    except NotAllowed:
        return "403"
    except NotFound:
        return "404"
    return "yes"


def sees(region: Region, person: Person) -> bool:
    """Whether somebody sees a region of this organiser, drawn for them where it is drawn for somebody."""
    theirs = {"organiser_id": THIS, "person_id": person.id, "seen_as": person.roles.get(THIS, "")}
    return bool(region.visible_to(person, *(str(theirs.get(name, "x")) for name in region.parameters)))


def table(app: Quart) -> str:
    """The page, in Markdown."""
    routes = sorted(
        (path, methods, rule.__name__, *(outcome(rule, person) for person in PEOPLE.values()))
        for path, methods, rule in handlers(app)
    )
    regions = [
        (
            one.name,
            ", ".join(one.watches),
            one.visible_to.__name__,
            *("yes" if sees(one, person) else "no" for person in PEOPLE.values()),
        )
        for one in all_regions()
        if one.loader.__module__.startswith("webapp")
    ]
    return "\n".join([HEAD, *_rows("Route", "Methods", routes), "", *_rows("Region", "Watches", regions), ""])


def _rows(first: str, second: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    head = [first, second, "Who", *(name.capitalize() for name in PEOPLE)]
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| `{name}` | {' | '.join(rest)} |" for name, *rest in rows),
    ]
