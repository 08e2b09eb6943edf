"""Who may open a WebSocket of the API: a program with a token, or a page with a ticket; cookies never count."""

from collections.abc import Awaitable, Callable
from typing import Any

from realtime import Refused
from webapp.access import Person
from webapp.programs.recognition import brings_token, ticket_in

NOBODY = "Bring a token in the header Authorization, or a ticket in the address."


class Opening:
    """The same checks as for the live streams of pages."""

    def __init__(
        self,
        admit: Callable[[dict[str, Any]], Awaitable[None]],
        viewer_of: Callable[[dict[str, Any]], Awaitable[Person]],
        allowed_origin: Callable[[dict[str, Any]], bool],
    ) -> None:
        self._admit, self._viewer_of, self._allowed_origin = admit, viewer_of, allowed_origin

    async def admitted(self, scope: dict[str, Any]) -> Person:
        """Who opens it. Raises Refused."""
        if not brings_token(scope):
            if not ticket_in(scope):
                raise Refused(401, NOBODY, {"www-authenticate": "Bearer"})
            if not self._allowed_origin(scope):
                raise Refused(403, "Pages of that site may not open this; ask whoever looks after this Turnout.")
        await self._admit(scope)
        return await self._viewer_of(scope)
