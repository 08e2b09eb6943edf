"""The one family of exceptions; each says what to do next, and `status` says what a browser or program is answered."""


class TurnoutError(Exception):
    """Something a person can be told in one sentence."""

    status = 500


class Misconfigured(TurnoutError):
    """The operator has to change something before Turnout can start."""


class NotFound(TurnoutError):
    """No such thing, or nothing that the asker may know of."""

    status = 404


class NotAllowed(TurnoutError):
    """The asker may not do this."""

    status = 403


class NotSignedIn(TurnoutError):
    """Whoever asks has to sign in first."""

    status = 401


class Conflict(TurnoutError):
    """Somebody else was first; the state is no longer what the asker saw."""

    status = 409


class Invalid(TurnoutError):
    """What was typed or sent does not fit.

    `fields` maps a field's name to a sentence; the key "" is about the whole form.
    """

    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class TooMany(TurnoutError):
    """Tried too often; may be tried again after `seconds`."""

    status = 429

    def __init__(self, seconds: int, instead: str = "") -> None:
        minutes = -(-seconds // 60)
        wait = f"Wait {minutes} minutes" if minutes > 1 else "Wait a minute"
        super().__init__(f"That was tried too often. {wait}{instead}.")
        self.seconds = seconds


class Unavailable(TurnoutError):
    """A server that Turnout needs does not answer just now."""

    status = 503


class TooOften(TurnoutError):
    """The asker has used up what one visitor gets in a while."""

    status = 429
