"""Registrations as tables, written while they are read: CSV and XLSX, a row per ticket."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from webapp.registrations.registration import Registration, State, Ticket

COLUMNS = ["Registration", "Registered at (UTC)", "State", "Ticket", "Attendee", "Contact", "E-mail address"]
ENDED = {State.CANCELLED.value, State.EXPIRED.value}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet would calculate instead of show.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PART = 64 * 1024

# The smallest workbook of Office Open XML (ECMA-376): one sheet, every cell a text in its place.
PACKAGE = {
    "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<?xml version="1.0" encoding="UTF-8"?>'
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Registrations" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}
SHEET = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)


def state_of(registration: Registration, ticket: Ticket) -> str:
    """How it stands with a ticket: as with its registration, unless it was given back alone."""
    return State.CANCELLED.value if ticket.is_cancelled and not registration.is_over else registration.state.value


def shows_answers(registration: Registration, ticket: Ticket, *, kept_days: int, now: datetime) -> bool:
    """Whether a table says what was answered: of what has ended only as long as its organiser keeps personal data.

    That is so many days, counted from the end of the registration, or 0 for good. When a ticket was given back alone is
    not known, so it counts as long ago.
    """
    if state_of(registration, ticket) not in ENDED or not kept_days:
        return True
    return registration.ended_at is not None and now < registration.ended_at + timedelta(days=kept_days)


def cells(registration: Registration, ticket: Ticket, names: Mapping[str, str]) -> list[str]:
    """What every table says of a ticket, in the order of COLUMNS."""
    state = state_of(registration, ticket)
    at = registration.created_at.strftime("%Y-%m-%d %H:%M:%S")
    kind = names.get(ticket.ticket_type_id, "")
    return [registration.id, at, state, kind, ticket.name or registration.name, registration.name, registration.email]


async def csv_lines(rows: AsyncIterator[list[str]], columns: Sequence[str]) -> AsyncIterator[bytes]:
    """UTF-8 with a mark for Excel; a cell that a spreadsheet would calculate is quoted with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(columns)
    async for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row])
        if buffer.tell() > PART:
            yield _emptied(buffer)
    yield _emptied(buffer)


async def xlsx_parts(rows: AsyncIterator[list[str]], columns: Sequence[str]) -> AsyncIterator[bytes]:
    """A workbook with one sheet of texts; none of them is calculated."""
    out = _Stream()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in PACKAGE.items():
            book.writestr(name, text)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write((SHEET + _row(columns)).encode())
            async for row in rows:
                sheet.write(_row(row).encode())
                if len(out.waiting) > PART:
                    yield out.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield out.taken()


class _Stream(io.RawIOBase):
    """A file that can only be written to, and is read while that happens."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting += data
        return len(data)

    def taken(self) -> bytes:
        part, self.waiting = bytes(self.waiting), bytearray()
        return part


def _row(texts: Sequence[str]) -> str:
    return "<row>" + "".join(_cell(text) for text in texts) + "</row>"


def _cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _emptied(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
