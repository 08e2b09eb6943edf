"""The one family of exceptions; each says what to do next.

`status` says what a browser or program is answered, `problem` by which name a program knows it (webapp/api/problem.py).
"""


class TurnoutError(Exception):
    """Something a person can be told in one sentence."""

    status = 500
    problem = "broken"


class Misconfigured(TurnoutError):
    """The operator has to change something before Turnout can start."""


class NotFound(TurnoutError):
    """No such thing, or nothing that the asker may know of."""

    status = 404
    problem = "not-found"


class NotAllowed(TurnoutError):
    """The asker may not do this."""

    status = 403
    problem = "not-allowed"


class NotSignedIn(TurnoutError):
    """Whoever asks has to sign in first.

    `challenge` is what a program is told to bring (RFC 6750), `fields` what was missing or wrong in what it sent.
    """

    status = 401
    problem = "not-signed-in"
    challenge = "Bearer"

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class TokenRefused(NotSignedIn):
    """The token that a program brought is not, or no longer, good."""

    problem = "token-refused"
    challenge = 'Bearer error="invalid_token"'


class ScopeTooSmall(NotAllowed):
    """The token that a program brought is not for this."""

    problem = "scope-too-small"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This takes a token with the scope “{scope}”; get one that has it.")
        self.challenge = f'Bearer error="insufficient_scope", scope="{scope}"'


class Conflict(TurnoutError):
    """Somebody else was first; the state is no longer what the asker saw."""

    status = 409
    problem = "conflict"


class EditedMeanwhile(Conflict):
    """Somebody else changed the same thing since it was read."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this meanwhile. Look at it again, then save.")


class Invalid(TurnoutError):
    """What was typed or sent does not fit.

    `fields` maps a field's name to a sentence; the key "" is about the whole form. In the API a key may also be a JSON
    pointer (RFC 6901), such as `/tickets/0/name`, or `?` and the name of a parameter.
    """

    status = 422
    problem = "invalid"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class TooMany(TurnoutError):
    """Tried too often; may be tried again after `seconds`."""

    status = 429
    problem = "too-often"

    def __init__(self, seconds: int, instead: str = "") -> None:
        minutes = -(-seconds // 60)
        wait = f"Wait {minutes} minutes" if minutes > 1 else "Wait a minute"
        super().__init__(f"That was tried too often. {wait}{instead}.")
        self.seconds = seconds


class Unavailable(TurnoutError):
    """A server that Turnout needs does not answer just now."""

    status = 503
    problem = "unavailable"


class TooOften(TurnoutError):
    """The asker has used up what one visitor gets in a while."""

    status = 429
    problem = "too-often"


class NotUnderstood(TurnoutError):
    """A request of a program that makes no sense as it is."""

    status = 400
    problem = "not-understood"


class MatchMissing(TurnoutError):
    """An edit that does not say which version it is made for."""

    status = 428
    problem = "if-match-missing"


class Changed(TurnoutError):
    """An edit that is made for a version that is no longer the last."""

    status = 412
    problem = "changed"


class StillRunning(Conflict):
    """The same request runs just now; its answer can be had in a moment."""

    problem = "still-running"


class KeyReused(TurnoutError):
    """An idempotency key that was used for something else."""

    status = 422
    problem = "idempotency-key-reused"
