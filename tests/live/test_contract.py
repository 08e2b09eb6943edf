"""One contract for all regions: page, fragment, poll and both streams give the same bytes for the same state."""

import re
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

import webapp.app  # noqa: F401 - declares every region
from realtime import all_regions
from tests.live.conftest import Turnout
from tests.product import eventually
from tests.realtime.watching import PARTIAL, Watcher

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:contract
DTSTART:20301103T190000Z
DTEND:20301103T210000Z
SUMMARY:From a calendar
END:VEVENT
END:VCALENDAR
"""
# Say how many streams and requests there are, which asking for it changes.
RESTLESS = {"admin_workers", "admin_figures"}
REGIONS = sorted({one.name for one in all_regions() if one.loader.__module__.startswith("webapp")} - RESTLESS)


def get(address: str, cookie: str = "") -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookie}), timeout=30) as answer:
        return str(answer.read().decode())


def posted(address: str, cookie: str, body: bytes = b"", kind: str = "application/x-www-form-urlencoded") -> str:
    headers = {"Content-Type": kind, "HX-Request": "true", "Cookie": cookie}
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
        return str(answer.read().decode() or answer.headers["HX-Redirect"])


def imported(turnout: Turnout, cookie: str) -> str:
    """The path of the page of an import that is done."""
    form = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.ics"\r\n\r\n{CALENDAR}\r\n--b--\r\n'
    address, kind = f"{turnout.address}{turnout.manage}/import", "multipart/form-data; boundary=b"
    path = posted(address, cookie, form.encode(), kind)
    with turnout.database() as shell:
        eventually(lambda: shell.imports.find_one({"state": "done"}) is not None)
    return path


@pytest.fixture(scope="module")
def cookie(turnout: Turnout) -> str:
    """The owner of an organiser, with a phone at the door of its next event, for what only they may see."""
    owner = "; ".join(f"{name}={value}" for name, value in turnout.cookies.items())
    link = posted(f"{turnout.address}/events/{turnout.next_event['slug']}/door/my-phone", owner)
    headers = {"Cookie": owner, "HX-Request": "true"}
    asked = urllib.request.Request(turnout.address + link, b"name=Olive", headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return f"{owner}; {answer.headers['Set-Cookie'].partition(';')[0]}"


def ticket(turnout: Turnout) -> str:
    """The path of the page of a ticket."""
    event = turnout.next_event
    given = {"event_id": event["_id"], "organiser_id": event["organiser_id"], "ticket_type_id": "day", "name": "Ines"}
    secret = "a-ticket-of-the-contract"
    with turnout.database() as shell:
        shell.tickets.insert_one({"_id": "contract", **given, "state": "valid", "secret": secret, "words": ["ines"]})
    return f"/tickets/{secret}"


def written(turnout: Turnout) -> str:
    """The path of the page of a message."""
    event = turnout.next_event
    said = {"subject": "Bring a lamp", "text": "It is dark.", "states": ["confirmed"], "created_at": datetime.now(UTC)}
    counts = {"upto": 1, "total": 1, "posted": 1, "failed": 1}
    with turnout.database() as shell:
        whose = {"organiser_id": event["organiser_id"], "event_id": event["_id"]}
        shell.messages.insert_one({"_id": "contract", **whose, **said, **counts})
    return f"/events/{event['slug']}/messages/contract"


def hooked(turnout: Turnout, cookie: str) -> str:
    """The path of the page of a webhook."""
    posted(f"{turnout.address}{turnout.manage}/webhooks", cookie, b"url=https%3A%2F%2Fexample.org%2Fhook&families=team")
    with turnout.database() as shell:
        return f"{turnout.manage}/webhooks/{shell.webhooks.find_one()['_id']}"


def registered(turnout: Turnout, cookie: str) -> list[str]:
    """The paths of an event with one place, of a hold and of a place in its line, and of the hold for its team."""
    copy = posted(f"{turnout.address}/events/{turnout.next_event['slug']}/duplicate", cookie).removesuffix("/edit")
    with turnout.database() as shell:
        shell.events.update_one({"slug": copy.removeprefix("/events/")}, {"$set": {"capacity": 1}})
        event_id = shell.events.find_one({"slug": copy.removeprefix("/events/")})["_id"]
    posted(f"{turnout.address}{copy}/publish", cookie)
    forms = [f"key=the+key+of+{who}&n.{event_id}=1".encode() for who in ("ana", "ben")]
    held, waits = [posted(f"{turnout.address}{copy}/registrations", cookie, form) for form in forms]
    with turnout.database() as shell:
        registration_id = shell.registrations.find_one({"event_id": event_id})["_id"]
    return [copy, held, waits, f"{copy}/registrations/{registration_id}"]


@pytest.fixture(scope="module")
def pages(turnout: Turnout, cookie: str) -> dict[str, str]:
    """For each region's name, the HTML of a page that shows it."""
    event = turnout.next_event
    path = f"/events/{event['slug']}"
    draft = posted(f"{turnout.address}{path}/duplicate", cookie).removesuffix("/edit")
    day = f"/calendar?day={event['starts'][:10]}"
    found: dict[str, str] = {}
    public = "/", "/calendar", day, path, turnout.manage.replace("manage", "organisers")
    theirs = turnout.manage, f"{turnout.manage}/team", draft, f"{path}/edit", imported(turnout, cookie)
    doors = f"{path}/door", f"{path}/door/setup", "/door", ticket(turnout)
    mine = registered(turnout, cookie)
    team = (
        f"{turnout.manage}/webhooks",
        f"{turnout.manage}/personal-data",
        hooked(turnout, cookie),
        f"{turnout.manage}/tokens",
        f"{turnout.manage}/audit",
        f"{mine[0]}/registrations",
        f"{mine[0]}/line",
        f"{mine[0]}/dashboard",
    )
    told = f"{mine[0]}/messages", written(turnout)
    admins = "/admin", "/admin/audit"
    for address in (*public, *theirs, "/me", "/me/organisers", "/me/tokens", *mine, *team, *told, *doors, *admins):
        html = get(turnout.address + address, cookie)
        for key in shown(html):
            found.setdefault(key.split("-")[0], html)
    return found


def shown(html: str) -> dict[str, str]:
    """Each region's key on a page, with what its connect carries."""
    held = re.search(r'data-shown="([^"]*)"', html)
    assert held
    return {part.split(".")[0]: part for part in held[1].split("~") if part}


def versions(partials: list[tuple[str, str, str]]) -> dict[str, str]:
    return {key: html for key, _, html in partials}


@pytest.mark.parametrize("name", REGIONS)
async def test_every_way_to_a_screen_gives_the_same_bytes(
    turnout: Turnout, pages: dict[str, str], cookie: str, name: str
) -> None:
    page = pages[name]
    key, asked = next((key, asked) for key, asked in shown(page).items() if key.split("-")[0] == name)
    blank = asked.rpartition(".")[0] + "."
    polled = versions(PARTIAL.findall(get(f"{turnout.address}/live/poll?r={urllib.parse.quote(blank)}", cookie)))[key]
    assert polled in page
    for transport in ("ws", "sse"):
        watcher = Watcher(int(turnout.address.rsplit(":", 1)[1]), transport, blank)
        watcher.headers["cookie"] = cookie
        await watcher.open()
        await watcher.until(lambda watcher=watcher: key in watcher.shown)
        assert watcher.shown[key] == polled
        await watcher.close()


@pytest.mark.parametrize("name", REGIONS)
def test_a_screen_that_shows_what_is_true_is_sent_nothing(
    turnout: Turnout, pages: dict[str, str], cookie: str, name: str
) -> None:
    asked = next(asked for key, asked in shown(pages[name]).items() if key.split("-")[0] == name)
    address = f"{turnout.address}/live/poll?r={urllib.parse.quote(asked)}"
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookie}), timeout=30) as answer:
        assert answer.status == 204


def test_the_answer_to_an_action_gives_the_bytes_of_the_page(turnout: Turnout, cookie: str) -> None:
    path = f"{turnout.address}/events/{turnout.next_event['slug']}"
    answered = versions(PARTIAL.findall(posted(f"{path}/publish", cookie)))
    status = next(key for key in answered if key.startswith("event_status"))
    assert answered[status] in get(f"{path}/edit", cookie)


def test_every_partial_of_a_region_prints_its_place() -> None:
    folder = Path(__file__).resolve().parents[2] / "partials"
    for one in all_regions():
        if one.name in REGIONS:
            assert "{{ live }}" in (folder / one.template).read_text(), one.name
