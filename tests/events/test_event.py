from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from webapp.events.event import Details, slug_of
from webapp.responses import sentences

GOOD: dict[str, Any] = {
    "title": "Jazz",
    "starts": "2026-05-03T20:00",
    "ends": "2026-05-03T22:00",
    "zone": "Europe/Berlin",
}


def faults(**typed: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as error:
        Details.model_validate(GOOD | typed)
    return sentences(error.value)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("title", "  ", "Please fill this in."),
        ("title", "x" * 121, "Please shorten this to 120 characters."),
        ("title", "a\x00b", "This has characters that cannot be shown; please type it again."),
        ("title", "a\ufffdb", "This has characters that cannot be shown; please type it again."),
        ("starts", "yesterday", "Write a date and a time, such as 2026-05-03 20:00."),
        ("starts", "2026-05-03T20:00Z", "Write the local time at the place of the event, without a zone."),
        ("ends", "2026-05-03T19:00", "The end must be after the start."),
        ("ends", "2030-05-03T19:00", "An event can last a year at most."),
        ("doors", "2026-05-03T21:00", "Doors open before the start, on the day of the event."),
        ("zone", "Mars/Olympus", "Choose a time zone from the list, such as Europe/Berlin."),
        ("zone", "../../etc/passwd", "Choose a time zone from the list, such as Europe/Berlin."),
        ("capacity", "many", "Write a whole number, such as 80."),
        ("capacity", "0", "This must be 1 or more."),
        ("capacity", "1e400", "Write a whole number, such as 80."),
        ("latitude", "nan", "Write a number, such as 52.52."),
        ("latitude", "91", "This must be 90 or less."),
        ("longitude", "", "Give both coordinates or none."),
        ("online_url", "javascript:alert(1)", "Write the whole address, such as https://example.org/stream."),
        ("language", "english", "Write a language as a short code, such as en or de-AT."),
        ("tags", ",".join(map(str, range(11))), "Please give 10 at most."),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(field: str, typed: str, sentence: str) -> None:
    more = {"latitude": "52"} if field == "longitude" else {"longitude": "13"} if field == "latitude" else {}
    assert faults(**{field: typed}, **more) == {field: sentence}


def test_all_faults_are_said_at_once() -> None:
    assert faults(title="", zone="", capacity="x").keys() == {"title", "zone", "capacity"}
    assert faults(title="", ends="2026-05-03T19:00").keys() == {"title", "ends"}


def test_tags_are_words_without_doubles() -> None:
    assert Details.model_validate(GOOD | {"tags": " Jazz,jazz ,, Late  Night"}).tags == ["jazz", "late night"]


@given(st.text(min_size=1))
def test_every_title_gives_an_address(title: str) -> None:
    slug = slug_of(title)
    assert slug
    assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in slug)


@given(
    st.dictionaries(st.sampled_from(sorted(Details.model_fields)), st.one_of(st.text(), st.lists(st.text()), st.none()))
)
def test_whatever_is_typed_is_an_event_or_sentences(typed: dict[str, Any]) -> None:
    said = _said(typed)
    assert all(said.values())


def _said(typed: dict[str, Any]) -> dict[str, str]:
    try:
        Details.model_validate(GOOD | typed)
    except ValidationError as error:
        return sentences(error)
    return {}
