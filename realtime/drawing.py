"""From a region's current state to HTML, its version and its signature. The same state gives the same bytes."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from realtime.region import Bound

Render = Callable[[str, Mapping[str, Any]], str]
GONE = "gone.html"
_CARRIAGE_RETURN = re.compile(r"\r\n?")


def nobody(_: str) -> int:
    """How many watch where nobody counts."""
    return 0


counting: ContextVar[Callable[[str], int]] = ContextVar("counting", default=nobody)


def viewers(bound: Bound) -> int:
    """How many streams, on all workers, watch this region; for a loader that is being drawn."""
    return counting.get()(bound.key)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A region as it looked when its loader read the database."""

    key: str
    html: str
    version: str
    signature: str


class Attributes(str):
    """Attributes of an element, printed by a template as they are."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


class Pen:
    """Draws regions with the application's `render(template, context)` and signs their names with its secret."""

    def __init__(self, render: Render, secret: str) -> None:
        self._render, self._secret = render, secret.encode()

    async def draw(self, bound: Bound) -> Drawn:
        """Draws current state; what is gone is drawn with `gone.html`."""
        context = await bound.load()
        if context is None:
            return self.gone(bound)
        return self._drawn(bound, bound.region.template, context)

    def gone(self, bound: Bound) -> Drawn:
        """What stands where a region was that is no more, or is not for this viewer any more."""
        return self._drawn(bound, GONE, {})

    def _drawn(self, bound: Bound, template: str, context: Mapping[str, Any]) -> Drawn:
        key = bound.key
        signature = self.sign(key)
        live = Attributes(f'id="{key}" data-region="{signature}"')
        html = self._render(template, {**context, "region_id": key, "live": live})
        # SSE cannot carry a bare carriage return; without it all wires carry the same bytes.
        html = _CARRIAGE_RETURN.sub("\n", html)
        return Drawn(key, html, version(html), signature)

    def sign(self, key: str) -> str:
        """Proof that a page was given this name; the same on every worker."""
        return _short(hmac.digest(self._secret, key.encode(), "sha256")[:12])

    def signed(self, key: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(key).encode(), signature.encode())


def envelopes(drawn: Iterable[Drawn]) -> str:
    """The text of a frame that makes these regions right."""
    return "".join(map(envelope, drawn))


def version(html: str) -> str:
    """Eight characters that differ when the HTML does."""
    return _short(hashlib.blake2b(html.encode(), digest_size=6).digest())


def envelope(drawn: Drawn) -> str:
    """The text that makes htmx morph the region in place."""
    return (
        f'<hx-partial hx-target="#{drawn.key}" hx-swap="outerMorph" data-version="{drawn.version}">'
        f"{drawn.html}</hx-partial>"
    )


def _short(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
