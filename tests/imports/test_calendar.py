"""What is read from calendars of every shape, and what is said about those that do not fit."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.imports.calendars import BERLIN, FIXED, NOW, calendar, entry, reading, starts
from webapp.errors import Invalid
from webapp.imports.calendar import LARGEST, read


def test_an_entry_becomes_an_event():
    found = reading(
        entry(
            "DTEND:20260703T213000Z",
            "DESCRIPTION:Doors at eight\\, come early.",
            "LOCATION:Freight House\\, Dock Street 4\\, 10115 Berlin",
            "GEO:52.5;13.4",
            "CATEGORIES:Music,Open Air,music",
            'ORGANIZER;CN="City Choir":mailto:choir@example.org',
            "SEQUENCE:3",
        )
    ).entries[0]
    details = found.details
    assert (details.starts.hour, details.ends.hour, details.zone) == (21, 23, "Europe/Berlin")
    assert (details.place_name, details.place_address) == ("Freight House", "Dock Street 4, 10115 Berlin")
    assert (details.latitude, details.longitude, details.tags) == (52.5, 13.4, ["music", "open air"])
    assert (details.organiser_name, found.sequence, found.recurrence) == ("City Choir", 3, "")


def test_a_rule_with_a_moved_a_cancelled_and_an_excluded_instance():
    weekly = entry(
        "DURATION:PT2H",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "EXDATE;TZID=Europe/Berlin:20260708T190000",
        "RDATE;TZID=Europe/Berlin:20260801T190000",
        start=";TZID=Europe/Berlin:20260701T190000",
    )
    moved = entry("RECURRENCE-ID;TZID=Europe/Berlin:20260715T190000", start=";TZID=Europe/Berlin:20260716T200000")
    off = entry(
        "RECURRENCE-ID;TZID=Europe/Berlin:20260722T190000",
        "STATUS:CANCELLED",
        start=";TZID=Europe/Berlin:20260722T190000",
    )
    found = reading(weekly, moved, off)
    days = ["2026-07-01 19:00", "2026-07-16 20:00", "2026-07-22 19:00", "2026-07-29 19:00", "2026-08-01 19:00"]
    assert starts(found) == days
    assert [one.cancelled for one in found.entries] == [False, False, True, False, False]
    assert found.entries[1].recurrence == "20260715T170000Z"


def test_this_and_future_keeps_the_original_starts_as_identity():
    series = entry("RRULE:FREQ=DAILY;COUNT=4", start=":20260701T100000Z")
    later = entry("RECURRENCE-ID;RANGE=THISANDFUTURE:20260703T100000Z", start=":20260703T120000Z")
    found = reading(series, later)
    assert starts(found)[2:] == ["2026-07-03 14:00", "2026-07-04 14:00"]
    assert [one.recurrence[:11] for one in found.entries] == [f"202607{day:02}T10" for day in (1, 2, 3, 4)]


def test_a_weekly_event_keeps_its_wall_time_when_clocks_are_turned():
    found = reading(entry("RRULE:FREQ=WEEKLY;COUNT=3", start=";TZID=Europe/Berlin:20261020T190000"))
    assert starts(found) == ["2026-10-20 19:00", "2026-10-27 19:00", "2026-11-03 19:00"]


@pytest.mark.parametrize(
    ("tzid", "zones", "expected"),
    [
        ("America/New_York", [], "America/New_York"),
        ("america/new_york", [], "America/New_York"),
        ("Eastern Standard Time", [], "America/New_York"),
        ("/freeassociation.example/Tzfile/Europe/Berlin", [], "Europe/Berlin"),
        ("custom_America/New_York_2", [], "America/New_York"),
        ("Home", [BERLIN.format(tzid="Home")], "Europe/Berlin"),
        ("Camp", [FIXED.format(tzid="Camp", offset="+0200")], "Etc/GMT-2"),
        ("GMT-0300", [], "Etc/GMT+3"),
    ],
)
def test_a_zone_is_known_by_many_names(tzid, zones, expected):
    found = reading(entry(start=f';TZID="{tzid}":20260703T190000'), *zones, zone="")
    assert [(one.details.zone, one.details.starts.hour) for one in found.entries] == [(expected, 19)]


@pytest.mark.parametrize("zones", [[], [FIXED.format(tzid="Nowhere", offset="+0217")]])
def test_a_zone_that_nobody_knows_is_a_problem(zones):
    found = reading(entry(start=";TZID=Nowhere:20260703T190000"), entry(uid="b@test"), *zones)
    assert [one.uid for one in found.entries] == ["b@test"]
    assert (found.problems[0].line, found.problems[0].skipped) == (7, True)
    assert "Nowhere" in found.problems[0].reason


def test_floating_times_and_days_take_the_zone_of_the_calendar():
    floating = entry("DTEND:20260703T210000", start=":20260703T190000")
    whole = entry("DTEND;VALUE=DATE:20260706", start=";VALUE=DATE:20260704", uid="b@test")
    first, second = (one.details for one in reading(floating, whole).entries)
    assert (first.zone, first.starts.hour, second.zone) == ("Europe/Berlin", 19, "Europe/Berlin")
    assert (second.all_day, second.ends - second.starts) == (True, timedelta(days=2))


def test_without_any_zone_an_instant_stays_in_utc():
    details = reading(entry(), zone="").entries[0].details
    assert (details.zone, details.starts.hour) == ("UTC", 19)


def test_the_second_of_two_equal_hours_stays_the_right_instant():
    details = reading(entry("DTEND:20261025T013000Z", start=":20261025T010000Z")).entries[0].details
    assert (details.zone, details.starts.hour) == ("UTC", 1)


def test_several_calendars_in_one_file_keep_their_own_zones():
    both = calendar(entry()) + calendar(entry(uid="b@test"), zone="Asia/Tokyo")
    assert {one.details.zone for one in read(both, now=NOW).entries} == {"Europe/Berlin", "Asia/Tokyo"}


@pytest.mark.parametrize("shape", [lambda d: d, lambda d: d.replace(b"\r\n", b"\n"), lambda d: b"\xef\xbb\xbf" + d])
def test_line_ends_and_a_byte_order_mark_make_no_difference(shape):
    assert [one.uid for one in read(shape(calendar(entry())), now=NOW).entries] == ["a@test"]


def test_a_line_folded_inside_a_letter_is_whole_again():
    data = calendar(entry(title="Café")).replace("é".encode(), b"\xc3\r\n \xa9")
    assert read(data, now=NOW).entries[0].details.title == "Café"


def test_a_broken_line_is_named_and_only_its_entry_skipped():
    found = reading(entry(start=";;VALUE=DATE-TIME:20260703T190000"), entry(uid="b@test"))
    problem = found.problems[0]
    assert (problem.line, problem.what, problem.skipped) == (7, "Concert", True)
    assert "DTSTART;;VALUE" in problem.reason
    assert [one.uid for one in found.entries] == ["b@test"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("DTEND:20260703T180000Z", "ends before"),
        ("DURATION:-PT1H", "ends before"),
        ("DTEND:20280703T180000Z", "a year at most"),
        ("DTEND;VALUE=DATE:20260704", "starts on a day"),
        ("RRULE:FREQ=SOMETIMES", "cannot be understood"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "contradicts itself"),
        ("RRULE:FREQ=SECONDLY", "too often"),
        ("RRULE:FREQ=MINUTELY;COUNT=90000", "too often"),
        ("RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=0,10,20", "too often"),
        ("CLASS:PRIVATE", "private"),
        ("STATUS:\x00", "not text in UTF-8"),
        ("BEGIN:VEVENT\nEND:VEVENT", "another one begins"),
    ],
)
def test_what_cannot_be_is_skipped_with_a_reason(line, reason):
    found = reading(entry(line), entry(uid="b@test"))
    assert [one.uid for one in found.entries] == ["b@test"]
    assert reason in found.problems[0].reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("GEO:north", "GEO:north"),
        ("just some words", "no calendar property"),
        ("SUMMARY:Twice", "more than once"),
        ("DESCRIPTION:" + "x" * 30_000, "was cut"),
        ("DESCRIPTION:" + "x" * 100_001, "longer than 100,000"),
    ],
)
def test_what_only_makes_an_entry_poorer_is_noted(line, reason):
    found = reading(entry(line))
    assert len(found.entries) == 1
    assert (found.problems[0].skipped, reason in found.problems[0].reason) == (False, True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<?xml version='1.0'?><schedule/>", "not a calendar"),
        (b"\x00\xff\xfe" * 40, "not a calendar"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no events"),
        (b"x" * (LARGEST + 1), "larger than 5 MiB"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 20_001, "20,000"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_in_a_sentence(data, reason):
    with pytest.raises(Invalid, match=reason):
        read(data, now=NOW)


def test_a_bomb_of_nested_events_is_one_problem():
    found = read(b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 100_000, now=NOW)
    assert (found.entries, len(found.problems)) == ([], 1)


def test_a_file_that_ends_too_early_keeps_what_was_whole():
    data = calendar(entry(), entry(uid="b@test"))
    found = read(data[: data.rindex(b"END:VEVENT")], now=NOW)
    assert [one.uid for one in found.entries] == ["a@test"]
    assert "no END" in found.problems[0].reason


def test_of_two_entries_with_one_uid_the_later_revision_counts():
    found = reading(entry("SEQUENCE:2", title="New"), entry("SEQUENCE:1", title="Old"))
    assert [one.details.title for one in found.entries] == ["New"]
    assert (found.problems[0].what, found.problems[0].skipped) == ("Old", False)


def test_what_lies_outside_the_horizon_is_counted():
    found = reading(entry(start=":20100101T100000Z"), entry(uid="b@test"))
    assert (len(found.entries), found.outside) == (1, 1)


def test_a_calendar_is_known_by_its_own_name_or_its_address():
    data = calendar(entry())
    assert read(data, now=NOW, name="city (1).ics").calendar == read(data, now=NOW, name="city.ics").calendar
    assert read(data, now=NOW, name="https://example.org/c.ics").calendar == "https://example.org/c.ics"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_makes_more_than_sentences(data):
    whole = bytearray(
        calendar(entry("RRULE:FREQ=WEEKLY;COUNT=4", "DURATION:PT2H", start=";TZID=Asia/Tokyo:20260703T190000"))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.binary(max_size=9) | st.sampled_from([b"\r\n", b":", b";", b"9"])
        )
    with suppress(Invalid):
        read(bytes(whole), now=NOW)
