"""The rules of the house for templates, checked by reading them."""

import re
from collections import Counter
from pathlib import Path

import pytest

from webapp.responses import environment

ROOT = Path(__file__).resolve().parent.parent
PARTIALS = sorted((ROOT / "partials").rglob("*.html"))
PAGES = sorted((ROOT / "webapp" / "templates").rglob("*.html"))
DRESSED = {"ui.html", "base.html", "live.html", "menu.html"}
# Mails are not pages: their programs know no policy of ours, and keep only what is inline.
MAILS = {"letter.html"}
LEXICON = environment.get_template("ui.html").module


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PARTIALS, ids=name)
def test_a_partial_says_first_what_it_needs(path: Path) -> None:
    assert re.match(r"\{# needs: \S.*#\}$", path.read_text().splitlines()[0])


@pytest.mark.parametrize("path", [*PARTIALS, *PAGES], ids=name)
def test_every_class_has_a_name_in_one_place(path: Path) -> None:
    bare = re.findall(r'class="(?!\{\{)[^"]*"', path.read_text())
    assert path.name in DRESSED or not bare


@pytest.mark.parametrize("path", [one for one in [*PARTIALS, *PAGES] if one.name not in MAILS], ids=name)
def test_nothing_is_written_that_the_content_security_policy_forbids(path: Path) -> None:
    forbidden = r'\son\w+=|\sstyle=|<style|hx-on|"js:|hx-trigger="[^"]*\[|<script(?! src=)'
    assert not re.search(forbidden, path.read_text())


@pytest.mark.parametrize("path", PARTIALS, ids=name)
def test_a_partial_is_a_function_of_its_arguments(path: Path) -> None:
    assert not re.search(r"\b(request|session|current_user|now\(\)|g\.)", path.read_text())


def test_no_page_hides_a_partial_of_the_same_name() -> None:
    places = Counter(path.relative_to(ROOT / "partials") for path in PARTIALS)
    places.update(path.relative_to(ROOT / "webapp" / "templates") for path in PAGES)
    assert [str(path) for path, count in places.items() if count > 1] == []


@pytest.mark.parametrize(("lexicon", "prefix"), [("css", r"css(?:\.|\[\")"), ("paths", r"(?:icon\(|empty\()\"")])
def test_every_name_that_is_used_exists(lexicon: str, prefix: str) -> None:
    text = "".join(path.read_text() for path in [*PARTIALS, *PAGES])
    used = set(re.findall(prefix + r"([a-z_]+)", text))
    assert used - set(getattr(LEXICON, lexicon)) == set()


def test_every_string_of_classes_is_used() -> None:
    text = "".join(path.read_text() for path in [*PARTIALS, *PAGES])
    unused = [name for name in [*LEXICON.css, *LEXICON.looks] if len(re.findall(rf"\b{name}\b", text)) < 2]  # type: ignore[attr-defined]
    assert unused == []


def test_no_string_of_classes_occurs_twice() -> None:
    counted = Counter([*LEXICON.css.values(), *LEXICON.looks.values()])  # type: ignore[attr-defined]
    assert [classes for classes, count in counted.items() if count > 1] == []
