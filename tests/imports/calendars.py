"""Calendar files for tests, written as a few properties."""

from datetime import UTC, datetime

from webapp.imports.calendar import Reading, read

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

BERLIN = """
BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE
"""

FIXED = """
BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:{offset}
TZOFFSETTO:{offset}
END:STANDARD
END:VTIMEZONE
"""


def entry(*more: str, title: str = "Concert", start: str = ":20260703T190000Z", uid: str = "a@test") -> str:
    """A VEVENT; `start` is what follows the word DTSTART."""
    lines = [f"UID:{uid}", f"DTSTART{start}", f"SUMMARY:{title}", *more]
    return "\n".join(["BEGIN:VEVENT", *(line for line in lines if not line.endswith("None")), "END:VEVENT"])


def calendar(*parts: str, zone: str = "Europe/Berlin", name: str = "City") -> bytes:
    """A VCALENDAR of entries and zones, with the line ends of RFC 5545."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"X-WR-CALNAME:{name}", *([f"X-WR-TIMEZONE:{zone}"] if zone else [])]
    text = "\n".join([*head, *(part.strip("\n") for part in parts), "END:VCALENDAR", ""])
    return text.replace("\n", "\r\n").encode()


def reading(*parts: str, zone: str = "Europe/Berlin") -> Reading:
    return read(calendar(*parts, zone=zone), now=NOW, name="city.ics")


def starts(found: Reading) -> list[str]:
    return [f"{one.details.starts:%Y-%m-%d %H:%M}" for one in found.entries]
