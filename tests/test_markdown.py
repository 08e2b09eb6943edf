import html5lib
import pytest

from webapp import markdown

HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](https://tracker.example/pixel.png)",
    "<svg/onload=alert(1)>",
    '<a href="https://example.org" onclick="alert(1)">x</a>',
    "[x](https://example.org 'title\" onmouseover=\"alert(1)')",
]


@pytest.mark.parametrize("text", HARMFUL)
def test_nothing_that_people_write_runs(text: str) -> None:
    tree = html5lib.parseFragment(markdown.render(text), namespaceHTMLElements=False)
    elements = list(tree.iter())
    assert not {element.tag for element in elements} & {"script", "img", "svg"}
    assert {name for element in elements for name in element.attrib} <= {"href", "title", "rel", "start"}
    assert all(e.attrib["href"].startswith(("http", "mailto")) for e in elements if "href" in e.attrib)


def test_headings_stand_below_those_of_the_page_and_skip_no_level() -> None:
    assert markdown.render("## A\n\n#### B\n\n# C") == "<h3>A</h3>\n<h4>B</h4>\n<h3>C</h3>\n"


def test_links_do_not_vouch_for_where_they_lead() -> None:
    assert 'rel="nofollow noopener ugc"' in markdown.render("[a](https://example.org)")
