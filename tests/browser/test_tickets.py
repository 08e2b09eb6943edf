"""A ticket on a screen and on paper: one clean page, and dark for whoever passed it on."""

from pathlib import Path

import pypdfium2
from playwright.async_api import expect

from tests import qr
from tests.browser.acts import a_title, asks, confirms, fill, is_live, press, published, ticket_of
from tests.browser.conftest import Person


async def test_a_ticket_that_is_passed_on_goes_dark_where_it_is_open(person: Person) -> None:
    path = await published(await person("/"), a_title(), capacity="5")
    ana = await person(path, nobody=True)
    await asks(ana, path)
    await confirms(ana, "Ana")
    ticket = await person(await ticket_of(ana), nobody=True)
    await is_live(ticket)
    await expect(ticket.get_by_role("img", name="QR code")).to_be_visible()
    await fill(ana, **{"t1\\.email": "ben@example.org"})
    await press(ana, "Save changes")
    await expect(ticket.get_by_text("This ticket was passed on.")).to_be_visible()
    await expect(ticket.get_by_role("img", name="QR code")).to_be_hidden()
    await expect(ana.get_by_text("Passed on to ben@example.org")).to_be_visible()


async def test_a_ticket_prints_as_one_page_that_can_be_scanned_also_from_a_dark_screen(
    person: Person, tmp_path: Path
) -> None:
    path = await published(await person("/"), a_title(), capacity="5")
    ana = await person(path, nobody=True, color_scheme="dark")
    await asks(ana, path)
    await confirms(ana, "Ana")
    await ana.goto(await ticket_of(ana))
    typed = await ana.locator("[data-typed]").inner_text()
    with pypdfium2.PdfDocument(await ana.pdf(format="A4")) as paper:
        assert len(paper) == 1
        said = paper[0].get_textpage().get_text_bounded()
        picture = paper[0].render(scale=2.5).to_pil()
    assert "Ana" in said
    assert "Print" not in said
    assert "".join(typed.split()).upper() in qr.read(picture, tmp_path)
