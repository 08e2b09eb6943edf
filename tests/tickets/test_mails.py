"""Tickets in mails: a code that is read from the picture, and links that lead to it; also without HTML."""

import io
import re
from pathlib import Path
from typing import Any

from PIL import Image
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests import qr
from tests.events.making import NOW
from tests.messages.test_messages import posted
from tests.messages.test_moved import edited
from tests.registrations.making import comes, event_with, registers
from tests.registrations.test_calendar import mails
from webapp.door import tickets
from webapp.door.live import key_of
from webapp.registrations import changing, confirming, ending, posting
from webapp.registrations import store as registrations
from webapp.registrations.registration import Attendee, Contact, Registration

ANA = Contact(name="ana", email="ana@example.org")


def pictures(mail: Any) -> dict[str, Image.Image]:
    """The pictures in a mail, by the name that its HTML calls them."""
    found = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    return {part["Content-ID"].strip("<>"): Image.open(io.BytesIO(part.get_content())) for part in found}


def body(mail: Any, kind: str) -> str:
    return str(mail.get_body((kind,)).get_content())


def links(text: str) -> list[str]:
    """The paths that a mail leads to, where it is sent from."""
    return [f"/{found}" for found in re.findall(r"https?://[^/\s]+/(\S+)", text)]


async def to(app: Quart, who: str) -> Any:
    """The mail to somebody, of those that are sent now."""
    (mail,) = [one for one in await mails(app) if one["To"] == f"{who}@example.org"]
    return mail


async def test_a_confirmation_shows_every_ticket_and_leads_to_it(visitor: Browser, app: Quart, tmp_path: Path) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana", 2)
    mail = await to(app, "ana")
    sold = [await tickets.by_id(one["_id"]) for one in await registrations.tickets_of(mine.id)]
    codes = [key_of(one.event_id).code(one) for one in sold if one]
    seen = pictures(mail)
    named = re.findall(r'src="cid:([^"]+)"', body(mail, "html"))
    assert [qr.read(seen[name], tmp_path) for name in named] == codes
    for path in links(body(mail, "plain")):
        assert (await visitor.get(path)).status_code in {200, 303}, path
    assert sum(path.startswith("/tickets/") for path in links(body(mail, "plain"))) == 2
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["text/calendar"]


async def test_no_mail_that_waits_has_a_code(db: Any, app: Quart) -> None:
    mine = await registers(await event_with(5), "ana")
    kept = str(await db.mails.find_one())
    for ticket in await registrations.tickets_of(mine.id):
        assert ticket["secret"] not in kept


async def test_a_ticket_that_is_passed_on_is_sent_to_its_holder_only(visitor: Browser, app: Quart, db: Any) -> None:
    mine = await registers(await event_with(5), "ana", 2)
    await mails(app)
    passed = mine.tickets[0].id
    for name in ("ben", "cleo"):
        named = {passed: Attendee(name=name, email=f"{name}@example.org")}
        await changing.change(mine.id, ANA, attendees=named, by="ana", now=NOW)
    told = {(one["To"], one["Subject"]): one for one in await mails(app)}
    assert set(told) == {
        ("ben@example.org", "A ticket for you: Jazz"),
        ("ben@example.org", "Not your ticket any more: Jazz"),
        ("cleo@example.org", "A ticket for you: Jazz"),
    }
    late, right = (told[f"{name}@example.org", "A ticket for you: Jazz"] for name in ("ben", "cleo"))
    assert (len(pictures(late)), len(pictures(right))) == (0, 1)
    secret = (await db.tickets.find_one({"_id": passed}))["secret"]
    assert f"/tickets/{secret}" in links(body(right, "plain"))
    assert secret not in late.as_string()
    await posting.resend(mine.id, now=NOW)
    again = await to(app, "ana")
    assert len(pictures(again)) == 1
    assert secret not in again.as_string()


async def test_a_mail_that_is_late_brings_no_tickets_to_an_old_address(app: Quart, db: Any) -> None:
    mine = await registers(await event_with(5), "ana")
    await changing.change(mine.id, Contact(name="ana", email="new@example.org"), by="ana", now=NOW)
    mail = await to(app, "ana")
    assert pictures(mail) == {}


async def test_answers_go_to_the_organiser_where_it_has_an_address(client: Browser, app: Quart, db: Any) -> None:
    jazz = await event_with(5)
    await registers(jazz, "ana")
    assert (await to(app, "ana"))["Reply-To"] is None
    form = {"name": "The House", "about": "", "email": "hello@example.org"}
    assert (await client.post("/manage/the-house/settings", form=form)).status_code == 303
    await registers(jazz, "ben")
    assert (await to(app, "ben"))["Reply-To"] == "hello@example.org"
    assert (await client.post("/manage/the-house/settings", form=form | {"email": "nowhere"})).status_code == 422


async def test_the_outbox_shows_mails_as_mail_programs_do(visitor: Browser, app: Quart) -> None:
    for older in (app.extensions["settings"].var / "outbox").glob("*.eml"):
        older.unlink()
    await registers(await event_with(5), "ana")
    await to(app, "ana")
    page = await (await visitor.get("/outbox")).get_data(as_text=True)
    address = re.search(r'href="(/outbox/[^"]+)"', page)
    assert address
    html = await visitor.get(address[1])
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert 'src="data:image/png;base64,' in await html.get_data(as_text=True)
    assert (await visitor.get("/outbox/..%2f..%2fsecret")).status_code == 404


async def test_who_holds_a_ticket_hears_of_moves_and_of_its_end(app: Quart, db: Any) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana", 2)
    named = {mine.tickets[0].id: Attendee(name="Ben", email="ben@example.org")}
    await changing.change(mine.id, ANA, attendees=named, by="ana", now=NOW)
    await mails(app)
    await edited(jazz.event, place_name="The Attic")
    await posted(db)
    told = {one["To"]: body(one, "plain") for one in await mails(app)}
    assert set(told) == {"ana@example.org", "ben@example.org"}
    assert "/registration?" not in told["ben@example.org"]
    await ending.cancel(mine.id, tickets=(mine.tickets[0].id,), by="ana", now=NOW)
    assert {(one["To"], one["Subject"].partition(":")[0]) for one in await mails(app)} == {
        ("ana@example.org", "Your registration has changed"),
        ("ben@example.org", "Cancelled"),
    }


async def test_a_ticket_that_is_another_persons_from_the_beginning_is_sent_there(app: Quart, db: Any) -> None:
    jazz = await event_with(5)
    held = await comes(jazz, "ana", 2)
    assert isinstance(held, Registration)
    named = {held.tickets[1].id: Attendee(name="Ben", email="ben@example.org")}
    await confirming.confirm(held.id, ANA, attendees=named, by="ana", now=NOW)
    told = {one["To"]: len(pictures(one)) for one in await mails(app)}
    assert told == {"ana@example.org": 1, "ben@example.org": 1}
