"""What a handler of the API is: what it takes and answers, for its document; and that a write is done once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from pydantic import BaseModel
from quart import Response
from quart_schema import document_querystring, document_request, document_response, tag

from webapp.api import idempotency

P = ParamSpec("P")
Handler = Callable[P, Awaitable[Response]]


@dataclass(frozen=True)
class Operation:
    """What the document says of a handler beside what its signature does.

    `edits` is for those that take If-Match, `expands` what can be sent along, `refuses` the problems that others have
    not, `streams` for what is sent as it happens to who asks for that.
    """

    status: int = 200
    answers: type[BaseModel] | None = None
    lists: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    edits: bool = False
    expands: tuple[str, ...] = ()
    bare: bool = False
    refuses: tuple[str, ...] = ()
    streams: bool = False


def operation(
    about: str,
    *,
    status: int = 200,
    answers: type[BaseModel] | None = None,
    lists: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    edits: bool = False,
    expands: tuple[str, ...] = (),
    bare: bool = False,
    refuses: tuple[str, ...] = (),
    streams: bool = False,
) -> Callable[[Handler[P]], Handler[P]]:
    """Describes a handler in the chapter `about`; with an Idempotency-Key it does its work once.

    `bare` is for what is as old as the tokens and keeps no answers: it gives them.
    """
    said = Operation(status, answers, lists, body, query, edits, expands, bare=bare, refuses=refuses, streams=streams)

    def describe(handler: Handler[P]) -> Handler[P]:
        @wraps(handler)
        async def done_once(*args: P.args, **kwargs: P.kwargs) -> Response:
            return await idempotency.once(lambda: handler(*args, **kwargs))

        described = handler if bare else done_once
        described.operation = said  # type: ignore[attr-defined]
        tag([about])(described)
        if answers:
            document_response(answers, status)(described)
        if body:
            document_request(body)(described)
        if query:
            document_querystring(query)(described)
        return described

    return describe
