"""From a region's current state to HTML, its version and its signature. The same state gives the same bytes."""

import hashlib
import hmac
import pickle
import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from realtime.region import Bound

Render = Callable[[str, Mapping[str, Any]], str]
GONE = "gone.html"
KEPT = 256
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
    """Draws regions with the application's `render(template, context)` and signs their names with its secret.

    What was signed with one of the `older` secrets still counts. A template prints nothing but its context, so the same
    context is not drawn again: the newest drawings of `kept` regions are at hand.
    """

    def __init__(self, render: Render, secret: str, older: Iterable[str] = (), *, kept: int = KEPT) -> None:
        self._render, self._secret = render, secret.encode()
        self._accepted = [self._secret, *(one.encode() for one in older)]
        self._most, self._kept = kept, OrderedDict[str, tuple[bytes, Drawn]]()

    async def draw(self, bound: Bound) -> Drawn:
        """Draws current state; what is gone is drawn with `gone.html`."""
        context = await bound.load()
        if context is None:
            return self.gone(bound)
        mark = _mark(context)
        known, drawn = self._kept.pop(bound.key, (b"", None))
        if drawn is None or not mark or mark != known:
            drawn = self._drawn(bound, bound.region.template, context)
        self._keep(mark, drawn)
        return drawn

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

    def _keep(self, mark: bytes, drawn: Drawn) -> None:
        if mark:
            self._kept[drawn.key] = mark, drawn
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def sign(self, key: str) -> str:
        """Proof that a page was given this name; the same on every worker."""
        return _signature(self._secret, key)

    def signed(self, key: str, signature: str) -> bool:
        given = signature.encode()
        return any(hmac.compare_digest(_signature(one, key).encode(), given) for one in self._accepted)


def _mark(context: Mapping[str, Any]) -> bytes:
    """Tells a context from every other, down to types, order and time zones; empty for what cannot be told."""
    try:
        return hashlib.blake2b(pickle.dumps(context, pickle.HIGHEST_PROTOCOL), digest_size=16).digest()
    except (pickle.PicklingError, TypeError, AttributeError):
        return b""


def _signature(secret: bytes, key: str) -> str:
    return _short(hmac.digest(secret, key.encode(), "sha256")[:12])


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
