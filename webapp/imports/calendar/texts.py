"""Text of calendars as Markdown: plain text survives as it is, and HTML that calendars send becomes its meaning."""

import re
from html.parser import HTMLParser

_HTML = re.compile(r"</?(?:p|br|a|b|i|u|em|strong|ul|ol|li|div|span|h[1-6]|html|body)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_\[\]<>#&|~])")
_LINE_START = re.compile(r"^(\s*)(?:([-+=])|(\d{1,9})([.)]))", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s<>\"\\]+[^\s<>\"\\.,;:!?)\]']")
_BLANKS = re.compile(r"\n{3,}")


def markdown_of(text: str) -> str:
    """Markdown that shows `text` as it was meant, with its addresses as links."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return _of_html(text) if _HTML.search(text) else _of_plain(text)


def cut(text: str, most: int) -> str:
    """The text, or its beginning up to a word, with an ellipsis."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    return (head.rsplit(None, 1)[0] if " " in head[most // 2 :] else head).rstrip("\\ \n") + "…"


def one_line(text: str) -> str:
    """The text without line breaks and repeated spaces."""
    return " ".join(text.split())


def _of_plain(text: str) -> str:
    lines = [_inline(line.strip()) for line in text.split("\n")]
    return _joined(lines)


def _joined(lines: list[str]) -> str:
    """A line stays a line (a backslash is Markdown's hard break), an empty one separates paragraphs."""
    following = [*lines[1:], ""]
    broken = [
        f"{line}\\" if line and after and not after.startswith("- ") else line
        for line, after in zip(lines, following, strict=True)
    ]
    return _BLANKS.sub("\n\n", "\n".join(broken)).strip()


def _inline(line: str) -> str:
    pieces, at = [], 0
    for found in _ADDRESS.finditer(line):
        pieces += [_escape(line[at : found.start()]), f"<{found[0]}>"]
        at = found.end()
    return _LINE_START.sub(_escape_start, "".join([*pieces, _escape(line[at:])]))


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _escape_start(found: re.Match[str]) -> str:
    return f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}"


def _of_html(text: str) -> str:
    reader = _Html()
    reader.feed(text)
    reader.close()
    return reader.markdown()


class _Html(HTMLParser):
    """Lines, paragraphs, lists, links and emphasis; every other tag leaves only its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.href = ""
        self.label = ""
        self.ignoring = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "li", "div", "tr"):
            self.lines.append("- " if tag == "li" else "")
        elif tag in ("p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"):
            self.lines += ["", ""]
        elif tag in ("script", "style"):
            self.ignoring = tag
        elif tag == "a":
            self.href, self.label = dict(attrs).get("href") or "", ""

    def handle_endtag(self, tag: str) -> None:
        if tag == self.ignoring:
            self.ignoring = ""
        elif tag == "a" and self.href:
            self.lines[-1] += _link(self.href, self.label)
            self.href = ""
        elif tag in ("p", "ul", "ol", "div"):
            self.lines += [""] if tag == "div" else ["", ""]

    def handle_data(self, data: str) -> None:
        if self.ignoring:
            return
        if self.href:
            self.label += data
            return
        first, *rest = data.split("\n")
        self.lines[-1] += _inline(first) if self.lines[-1].strip("- ") else _inline(first.lstrip())
        self.lines += [_inline(line.strip()) for line in rest]

    def markdown(self) -> str:
        if self.href:
            self.lines[-1] += _link(self.href, self.label)
        return _joined([line.rstrip() for line in self.lines])


def _link(href: str, label: str) -> str:
    label = one_line(label)
    if not _ADDRESS.fullmatch(href):
        return _escape(label)
    return f"<{href}>" if label in ("", href) else f"[{_escape(label)}](<{href}>)"
