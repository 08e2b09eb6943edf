"""Tickets on paper, read back: the text by pypdf, the code by PDFium and the scanner's own decoder."""

import io
import logging
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader
from quart import Quart
from quart.typing import TestClientProtocol as Browser

from tests import qr
from tests.registrations.making import event_with, registers
from webapp.door import tickets
from webapp.door.live import key_of
from webapp.registrations import store as registrations
from webapp.tickets import fonts, paper
from webapp.tickets.card import Card, path_of

NAMES = {
    "Łukasz Ødegård-Nuñez": "Łukasz Ødegård-Nuñez",
    "Ἀλέξανδρος Παππάς": "Ἀλέξανδρος Παππάς",
    "Дмитрий Щукин": "Дмитрий Щукин",
    "王小明 さくら 김철수": "王小明 さくら 김철수",
    "محمد علي": "محمد علي",
    "Ana 🎉 Kovács": "Ana Kovács",
    "a\u0301\u0007": "á",
}


def card(**more: str) -> Card:
    known = {
        "title": "Jazz",
        "name": "Ana",
        "kind": "Adults",
        "when": "Friday",
        "doors": "",
        "place": "",
        "address": "",
    }
    codes = {
        "place": "",
        "address": "",
        "code": "TO1.A.B.C.D",
        "typed": "2345",
        "path": "/tickets/2345",
        "language": "en",
    }
    return Card(**{**known, **codes, **more}, entrances=())


def texts(content: bytes) -> list[str]:
    """What each page says, its spaces as one; pypdf puts a NUL before letters of a CFF font, PDFium does not."""
    return [" ".join(page.extract_text().replace("\0", "").split()) for page in PdfReader(io.BytesIO(content)).pages]


def picture(content: bytes, number: int = 0) -> Any:
    with pypdfium2.PdfDocument(content) as document:
        return document[number].render(scale=2.5).to_pil()


async def test_the_pdf_of_a_registration_has_a_page_for_each_ticket_with_its_code(
    visitor: Browser, app: Quart, tmp_path: Path
) -> None:
    jazz = await event_with(5, place_name="The Cellar")
    mine = await registers(jazz, "ana", 2)
    answer = await visitor.get(f"{registrations.path_of(mine.id)}/tickets.pdf")
    assert answer.mimetype == "application/pdf"
    assert '"heavy"' in answer.headers["RateLimit-Policy"]
    content = await answer.get_data(as_text=False)
    sold = [await tickets.by_id(one["_id"]) for one in await registrations.tickets_of(mine.id)]
    for number, (page, ticket) in enumerate(zip(texts(content), sold, strict=True)):
        assert ticket
        assert all(said in page for said in ("Jazz", "ana", "The Cellar", "Europe/Berlin", path_of(ticket.secret)))
        assert qr.read(picture(content, number), tmp_path) == key_of(jazz.event.id).code(ticket)


async def test_a_ticket_has_a_pdf_of_its_own(visitor: Browser, app: Quart) -> None:
    jazz = await event_with(5)
    mine = await registers(jazz, "ana", 2)
    ticket = (await registrations.tickets_of(mine.id))[0]
    answer = await visitor.get(f"{path_of(ticket['secret'])}/ticket.pdf")
    assert len(texts(await answer.get_data(as_text=False))) == 1
    assert "ana" not in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_written_in_its_letters_or_readably(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        drawn = paper.drawn([card(name=name)], "https://turnout.example")
    (page,) = texts(drawn)
    assert "".join(fonts.printable(NAMES[name]).split()) in "".join(page.split())
    assert [one for one in caplog.records if "missing" in one.message] == []


@pytest.mark.parametrize("text", ["W" * 120, "王" * 120, "محمد" * 30, "\u0628" * 100])
def test_the_longest_texts_stay_on_the_page(text: str) -> None:
    drawn = paper.drawn([card(title=text, name=text[:80], place=text, address=text * 2)], "https://turnout.example")
    assert len(texts(drawn)) == 1


def test_what_no_font_has_is_written_in_latin_letters() -> None:
    assert fonts.printable("አዲስ") == "'adise"
    assert fonts.printable("🎉") == ""
    assert "-" in texts(paper.drawn([card(name="🎉")], ""))[0]
