"""Why a mail could not be delivered, in plain words, from what a mail server answered (RFC 5321, RFC 3463)."""

import re
from enum import StrEnum

_ENHANCED = re.compile(r"\b[45]\.(\d{1,3})\.(\d{1,3})\b")


class Why(StrEnum):
    """What a mail failed by; `sentence` is for whoever wanted it to arrive."""

    NO_MAILBOX = "no mailbox"
    FULL = "full"
    REFUSED = "refused"
    PUT_OFF = "put off"
    UNREACHABLE = "unreachable"
    OURS = "ours"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES = {
    Why.NO_MAILBOX: "There is no such mailbox, or it takes no mail. Look whether the address is typed right.",
    Why.FULL: "The mailbox is full.",
    Why.REFUSED: "The other side refused it, perhaps as unwanted mail.",
    Why.PUT_OFF: "The other side put it off for over an hour.",
    Why.UNREACHABLE: "The mail server could not be reached for over an hour.",
    Why.OURS: "The mail server of this Turnout did not take it. Whoever runs it can see why.",
}


def by_answer(code: int, message: str, *, is_about_address: bool) -> Why:
    """What a mail server meant by its answer, perhaps about the address that it was given."""
    found = _ENHANCED.search(message)
    if found:
        named = _by_enhanced(int(found[1]), int(found[2]))
        if named:
            return named
    if code < 500:
        return Why.PUT_OFF
    if code == 552:
        return Why.FULL
    return Why.NO_MAILBOX if code in (550, 551, 553) or is_about_address else Why.REFUSED


def _by_enhanced(subject: int, detail: int) -> Why | None:
    match subject, detail:
        case 1, 7 | 8:
            return Why.OURS
        case 1, _:
            return Why.NO_MAILBOX
        case 2, 2:
            return Why.FULL
        case 2, 0 | 1:
            return Why.NO_MAILBOX
        case 7, _:
            return Why.REFUSED
    return None
