"""A region's key is a CSS identifier, names one region with its arguments and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import anyone, region
from realtime.change import Change, Position
from realtime.region import NoSuchRegion, parse
from tests.realtime import regions

TEXTS = st.text(max_size=20)


@given(TEXTS)
def test_a_key_is_an_identifier_that_leads_back(text: str) -> None:
    bound = regions.note(text)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", bound.key)
    assert parse(bound.key) == bound


@pytest.mark.parametrize("key", ["", "nothing", "note", "note-a-b", "note-_zz", "note-_41", "note-_FF", "note-é"])
def test_a_key_that_no_page_has_is_no_region(key: str) -> None:
    with pytest.raises(NoSuchRegion):
        parse(key)


def test_a_region_takes_strings_and_its_name_once() -> None:
    with pytest.raises(TypeError):
        regions.note(7)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        regions.note("a", "b")
    with pytest.raises(TypeError):
        region("note.html", watches={}, visible_to=anyone)(regions.note.loader)


def test_a_change_is_the_same_after_the_log() -> None:
    unknown = Change(Position(1, 1), "comments", "c", "update", 0.0, {"note_id": None})
    known = Change(Position(1, 1), "comments", "c", "update", 0.0, {"note_id": ["one"]})
    assert Change.from_json(known.id, known.to_json()) == known
    assert Change.from_json(unknown.id, unknown.to_json()) == unknown
