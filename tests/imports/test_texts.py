"""Plain text and HTML of calendars, as people see them in the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import markdown
from webapp.imports.calendar.texts import cut, markdown_of


@pytest.mark.parametrize(
    "text",
    [
        "*not* bold",
        "# no heading",
        "1. no list",
        "- no list",
        "a_b_c `x` [y](z)",
        "a & b < c",
        "&amp; &lt;",
        "=====",
        "> x",
    ],
)
def test_plain_text_survives_as_text(text):
    html = markdown.render(markdown_of(text))
    assert html == f"<p>{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</p>\n"


def test_lines_stay_lines_and_addresses_become_links():
    html = markdown.render(markdown_of("One\nTwo (https://example.org/a_b?c=1&d=2)."))
    assert html.startswith("<p>One<br>\nTwo (<a href=")
    assert "https://example.org/a_b?c=1&amp;d=2</a>)." in html


def test_html_keeps_its_links_and_lists_and_loses_its_scripts():
    html = markdown.render(
        markdown_of('Hi!<br><ul><li>A</li><li>B</li></ul><a href="https://e.org">e</a><script>x()</script>')
    )
    assert "<li>A</li>" in html
    assert '<a href="https://e.org"' in html
    assert "x()" not in html


@given(st.text(max_size=300), st.integers(20, 300))
def test_no_text_at_all_makes_an_element_that_was_not_meant(text, most):
    assert len(cut(markdown_of(text), most)) <= most
    if "<" not in text and "http" not in text:
        assert "<h" not in markdown.render(markdown_of(text))
