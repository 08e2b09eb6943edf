"""One contract for all regions: page, fragment, poll and both streams give the same bytes for the same state."""

import re
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

import webapp.app  # noqa: F401 - declares every region
from realtime import all_regions
from tests.live.conftest import Turnout
from tests.people.joining import joined
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
REGIONS = sorted(one.name for one in all_regions() if one.loader.__module__.startswith("webapp"))


def get(address: str, cookie: str = "") -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookie}), timeout=30) as answer:
        return str(answer.read().decode())


def posted(address: str, body: bytes = b"", kind: str = "application/x-www-form-urlencoded", htmx: bool = True) -> str:
    headers = {"Content-Type": kind, **({"HX-Request": "true"} if htmx else {})}
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=30) as answer:
        return str(answer.read().decode() or answer.headers["HX-Redirect"])


def imported(turnout: Turnout) -> str:
    """The path of the page of an import that is done."""
    form = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.ics"\r\n\r\n{CALENDAR}\r\n--b--\r\n'
    path = posted(f"{turnout.address}/import", form.encode(), "multipart/form-data; boundary=b")
    with turnout.database() as shell:
        eventually(lambda: shell.imports.find_one({"state": "done"}) is not None)
    return path


@pytest.fixture(scope="module")
def cookie(turnout: Turnout) -> str:
    """Somebody who is signed in, for what only they may see."""
    with closing(joined(turnout.address, turnout.var, "contract@example.org")) as ana:
        return "; ".join(f"{name}={value}" for name, value in ana.cookies.items())


@pytest.fixture(scope="module")
def pages(turnout: Turnout, cookie: str) -> dict[str, str]:
    """For each region's name, the HTML of a page that shows it."""
    event = turnout.next_event
    draft = posted(f"{turnout.address}/events/{event['slug']}/duplicate").removesuffix("/edit")
    path = f"/events/{event['slug']}"
    day = f"/calendar?day={event['starts'][:10]}"
    found: dict[str, str] = {}
    for address in ("/", "/calendar", day, "/manage", path, draft, f"{path}/edit", imported(turnout), "/me"):
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


def test_the_answer_to_an_action_gives_the_bytes_of_the_page(turnout: Turnout) -> None:
    path = f"{turnout.address}/events/{turnout.next_event['slug']}"
    answered = versions(PARTIAL.findall(posted(f"{path}/publish")))
    status = next(key for key in answered if key.startswith("event_status"))
    assert answered[status] in get(f"{path}/edit")


def test_every_partial_of_a_region_prints_its_place() -> None:
    folder = Path(__file__).resolve().parents[2] / "partials"
    for one in all_regions():
        if one.name in REGIONS:
            assert "{{ live }}" in (folder / one.template).read_text(), one.name
