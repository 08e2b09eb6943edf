"""Reading iCalendar (RFC 5545): bytes become entries and problems. Rules only; nothing is kept or fetched here."""

from webapp.imports.calendar.entry import Entry, Horizon, Problem, Reading
from webapp.imports.calendar.lines import check_beginning
from webapp.imports.calendar.reading import LARGEST, MOST_ENTRIES, read

__all__ = ["LARGEST", "MOST_ENTRIES", "Entry", "Horizon", "Problem", "Reading", "check_beginning", "read"]
