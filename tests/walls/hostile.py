"""What attackers type, and what a page or a database looks like where it worked."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import html5lib

from tests import whole
from webapp.database import db

SCRIPTS = (
    '"><script>owned()</script><owned a="',
    "'\"><img src=x onerror=owned()><svg/onload=owned()>",
    "</textarea></title></select><owned>{{7*19100003}}",
    '[x](javascript:owned()) ![x](x"onerror=owned()) <javascript:owned()> <https://example.org/"onclick=owned()>',
    "javascript:owned()//https://example.org/?q=%22%3E%3Cowned%3E",
)
OURS = re.compile(r"^(/static/|https?://(localhost|127\.0\.0\.1)(:\d+)?/static/)")
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "srcdoc", "data", "hx-get", "hx-post"}


def harm(html: str) -> list[str]:
    """What would run, or was let in as markup."""
    tree = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    found = ["133700021"] if "133700021" in html else []
    for element in tree.iter():
        tag, attributes = str(element.tag), dict(element.attrib)
        if tag in {"owned", "iframe", "object", "embed", "base"}:
            found.append(f"<{tag}>")
        if tag == "script" and attributes.get("type") == "application/ld+json":  # data: it is not run
            json.loads(element.text or "")
        elif tag == "script" and (element.text or not OURS.match(attributes.get("src", ""))):
            found.append("<script>")
        for name, value in attributes.items():
            is_run = str(name) in ADDRESSES and re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE)
            if str(name).startswith("on") or is_run:
                found.append(f"{tag} {name}={value}")
    return found


async def everything() -> dict[str, list[Any]]:
    """The whole database."""
    kept = await whole.documents(db())
    return {name: documents for name, documents in kept.items() if name not in {"heartbeats", "workers"}}


def inside(value: Any) -> Iterator[tuple[str, Any]]:
    """Every field and value, however deep."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield str(name), one
            yield from inside(one)
    elif isinstance(value, list):
        for one in value:
            yield "", one
            yield from inside(one)


def alike(value: Any) -> Any:
    """The same for two documents that differ only in what chance and the clock give."""
    match value:
        case dict():
            # Of a token, and of a question.
            kept = {name: one for name, one in value.items() if name != "ending" and (name, len(str(one))) != ("id", 8)}
            return {re.sub(r"[0-9a-z]{16}", "ID", name): alike(one) for name, one in kept.items()}
        case list():
            return [alike(one) for one in value]
        case datetime():
            return "a time"
        case str() if value.startswith("$argon2") or re.fullmatch(r"[0-9a-f]{64}", value):
            return "a hash"
        case str():
            return re.sub(r"[0-9a-z]{16}|-[0-9a-z]{2,8}$|^\d{4}-\d\d-\d\d \d\d:\d\d\S*$", "ID", value)
    return value
