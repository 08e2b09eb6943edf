"""Tickets as a PDF: one clean page of A4 for each, which any printer prints and any scanner reads."""

import asyncio
from collections.abc import Iterator, Sequence

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from webapp.tickets import fonts
from webapp.tickets.card import Card

AT_ONCE = 2
"""PDFs in the making on one worker: each is some 60 ms of Python, with East Asian letters 350."""

LEFT, TOP, WIDE = 20.0, 22.0, 170.0
CODE = 78.0
GREY, INK = 96, 16
SHOW = "Show the code at the door, printed or on a screen. If it cannot be scanned, this can be typed:"

_turns = asyncio.Semaphore(AT_ONCE)


async def made(cards: Sequence[Card], base: str) -> bytes:
    """The tickets as a PDF, made beside the event loop; `base` is where their pages are."""
    async with _turns:
        return await asyncio.to_thread(drawn, cards, base)


def drawn(cards: Sequence[Card], base: str) -> bytes:
    """The same at once."""
    pdf = _sheet([text for card in cards for text in _texts(card)])
    pdf.set_title(_clean(cards[0].title))
    pdf.set_lang(cards[0].language)
    pdf.set_creator("Turnout")
    for card in cards:
        _draw(pdf, card, base)
    return bytes(pdf.output())


def _sheet(texts: Sequence[str]) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=False)
    pdf.set_margins(LEFT, TOP, 210 - LEFT - WIDE)
    regular, bold = fonts.firago()
    pdf.add_font("ticket", fname=regular)
    pdf.add_font("ticket", style="B", fname=bold)
    if any(fonts.is_east_asian(text) for text in texts):
        pdf.add_font("east", fname=fonts.EAST_ASIAN)
        pdf.set_fallback_fonts(["east"], exact_match=False)
    pdf.set_font("ticket", size=11)
    pdf.set_text_shaping(use_shaping_engine=True)
    return pdf


def _draw(pdf: FPDF, card: Card, base: str) -> None:
    pdf.add_page()
    _line(pdf, "Ticket", 10, grey=True)
    _line(pdf, card.title, 22, bold=True, high=9.5)
    pdf.set_y(pdf.get_y() + 5)
    _rule(pdf)
    top = pdf.get_y() + 8
    _code(pdf, card.code, LEFT + WIDE - CODE, top)
    pdf.set_y(top + 1)
    for label, lines in _facts(card):
        _fact(pdf, label, lines)
    pdf.set_y(max(pdf.get_y(), top + CODE + 6))
    _rule(pdf)
    pdf.set_y(pdf.get_y() + 5)
    _line(
        pdf,
        "Show the code at the door, printed or on a screen. If it cannot be scanned, this can be typed:",
        9,
        grey=True,
    )
    _line(pdf, card.typed, 11, bold=True)
    _line(pdf, "The ticket as it is just now:", 9, grey=True)
    pdf.set_font("ticket", size=9)
    pdf.multi_cell(WIDE, 5, f"{base}{card.path}", link=f"{base}{card.path}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _facts(card: Card) -> Iterator[tuple[str, list[str]]]:
    yield "For", [card.name]
    if card.kind:
        yield "Ticket", [card.kind]
    yield "When", [card.when, *([card.doors] if card.doors else [])]
    if card.where:
        yield "Where", [part for part in (card.place, card.address) if part]
    if card.entrances:
        yield "Entrance", list(card.entrances)


def _texts(card: Card) -> list[str]:
    return [_clean(text) for text in (card.title, *(line for _, lines in _facts(card) for line in lines))]


def _fact(pdf: FPDF, label: str, lines: Sequence[str]) -> None:
    wide = WIDE - CODE - 8
    _line(pdf, label, 9, grey=True, wide=wide, high=4.5)
    _line(pdf, lines[0], 12, bold=True, wide=wide, high=6)
    for line in lines[1:]:
        _line(pdf, line, 10, wide=wide, high=5)
    pdf.set_y(pdf.get_y() + 4)


def _line(
    pdf: FPDF, text: str, size: float, *, bold: bool = False, grey: bool = False, wide: float = WIDE, high: float = 5.5
) -> None:
    pdf.set_font("ticket", style="B" if bold else "", size=size)
    pdf.set_text_color(GREY if grey else INK)
    pdf.multi_cell(wide, high, _clean(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _rule(pdf: FPDF) -> None:
    pdf.set_draw_color(200)
    pdf.set_line_width(0.3)
    pdf.line(LEFT, pdf.get_y(), LEFT + WIDE, pdf.get_y())


def _code(pdf: FPDF, code: str, left: float, top: float) -> None:
    """The QR code as rectangles, a run of dark dots each: sharp in every size."""
    rows = [bytes(row) for row in segno.make(code, error="m", micro=False).matrix]
    dot = CODE / len(rows)
    pdf.set_fill_color(0)
    for number, row in enumerate(rows):
        for start, length in _runs(row):
            # A hair wider and higher, so that no printer shows a line between.
            pdf.rect(left + start * dot, top + number * dot, length * dot + 0.01, dot + 0.01, style="F")


def _runs(row: bytes) -> Iterator[tuple[int, int]]:
    start = None
    for at, is_dark in enumerate((*row, 0)):
        if is_dark and start is None:
            start = at
        elif not is_dark and start is not None:
            yield start, at - start
            start = None


def _clean(text: str) -> str:
    return fonts.printable(text) or "-"
