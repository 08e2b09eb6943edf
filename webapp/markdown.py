"""Markdown to HTML that is safe to show; the only door to markdown-it and nh3."""

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_FIRST = 3  # the page's own h1 and h2 stand above what people write


def render(text: str) -> str:
    """HTML of a person's Markdown: no raw HTML, no images, links only to http, https and mailto.

    Headings begin at h3 and never skip a level, whatever people wrote.
    """
    tokens = _markdown.parse(text)
    _set_headings([token for token in tokens if token.type in ("heading_open", "heading_close")])
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )


def _set_headings(tokens: list[Token]) -> None:
    above: list[str] = []
    for opening, closing in zip(tokens[::2], tokens[1::2], strict=True):
        level = opening.tag
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        opening.tag = closing.tag = f"h{min(6, _FIRST - 1 + len(above))}"
