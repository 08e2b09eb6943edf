"""Quart as this application uses it: what it would find out again in every request is found out once."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from quart import Quart
from quart.sessions import SecureCookieSession, SecureCookieSessionInterface
from quart.wrappers import BaseRequestWebsocket


class Sessions(SecureCookieSessionInterface):
    """Makes no keys for those who bring no cookie, which is nearly everybody: it only holds notices."""

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> SecureCookieSession | None:
        """What the cookie holds."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return await super().open_session(app, request)


class App(Quart):
    """Remembers which functions wait: fifteen are asked for in every request, always the same."""

    session_interface = Sessions()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = lru_cache(1_000)(super().ensure_async)

    def ensure_async(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as one that waits."""
        return self._waiting(func)
