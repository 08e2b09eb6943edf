from datetime import UTC, datetime

import pytest

from webapp import when


@pytest.mark.parametrize(
    ("wall", "zone", "utc"),
    [
        ("2026-05-03T20:00", "Europe/Berlin", "2026-05-03T18:00"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30"),  # in the gap: as if clocks had not been turned
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),  # in the fold: the first one
        ("2026-05-03T20:00", "Asia/Kolkata", "2026-05-03T14:30"),
    ],
)
def test_a_wall_time_is_one_instant(wall: str, zone: str, utc: str) -> None:
    assert when.instant(datetime.fromisoformat(wall), zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_a_gap_and_a_fold_are_said() -> None:
    gap = when.note(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    fold = when.note(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    assert gap == (
        "02:30 does not exist on 29 March 2026 in Europe/Berlin, clocks are turned forward: it was read as 03:30."
    )
    assert fold == (
        "02:30 happens twice on 25 October 2026 in Europe/Berlin, clocks are turned back: the first one is meant."
    )
    assert when.note(datetime(2026, 5, 3, 2, 30), "Europe/Berlin") is None  # noqa: DTZ001


@pytest.mark.parametrize(
    ("zone", "shown"), [("UTC", "UTC"), ("Asia/Kolkata", "UTC+5:30"), ("America/New_York", "UTC-4")]
)
def test_an_offset_reads_as_people_write_it(zone: str, shown: str) -> None:
    assert when.offset(datetime(2026, 5, 3, tzinfo=UTC), zone) == shown
