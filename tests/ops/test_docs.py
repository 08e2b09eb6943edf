"""What the pages for people point at is there."""

import re
from pathlib import Path

import pytest

from tests.product import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)\s]+)?\)")
FILE = re.compile(r"`((?:webapp|realtime|partials|static|ops|tests)/[\w/.-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    text = page.read_text()
    lost = [link for link, _ in LINK.findall(text) if not (page.parent / link).exists()]
    lost += [file for file in FILE.findall(text) if "VERSION" not in file and not (ROOT / file).exists()]
    assert not lost


def test_every_page_is_reached_from_the_readme() -> None:
    named = {Path(link).name for link, _ in LINK.findall((ROOT / "README.md").read_text())}
    assert {page.name for page in PAGES} - named == {"README.md"}
