"""Why a mail failed, from what mail servers answer."""

import pytest
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPConnectTimeoutError,
    SMTPDataError,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from webapp.mail.failing import Why
from webapp.mail.sending import why


def refused(code: int, message: str) -> SMTPRecipientsRefused:
    return SMTPRecipientsRefused([SMTPRecipientRefused(code, message, "ana@example.org")])


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (refused(550, "5.1.1 <ana@example.org>: user unknown"), Why.NO_MAILBOX),
        (refused(550, "no such person"), Why.NO_MAILBOX),
        (refused(501, "bad address syntax"), Why.NO_MAILBOX),
        (refused(550, "5.7.1 relaying denied"), Why.REFUSED),
        (refused(452, "4.2.2 over quota"), Why.FULL),
        (refused(552, "too much in there"), Why.FULL),
        (refused(450, "4.7.1 greylisted"), Why.REFUSED),
        (refused(451, "try later"), Why.PUT_OFF),
        (refused(550, "5.1.8 sender's domain not found"), Why.OURS),
        (SMTPRecipientsRefused([]), Why.REFUSED),
        (SMTPDataError(554, "this looks like spam"), Why.REFUSED),
        (SMTPDataError(552, "5.3.4 message too big"), Why.FULL),
        (SMTPSenderRefused(550, "no", "turnout@localhost"), Why.OURS),
        (SMTPAuthenticationError(535, "5.7.8 wrong password"), Why.OURS),
        (SMTPConnectTimeoutError("timed out"), Why.UNREACHABLE),
        (SMTPConnectResponseError(554, "go away"), Why.UNREACHABLE),
        (SMTPServerDisconnected("lost"), Why.UNREACHABLE),
        (OSError("no route"), Why.UNREACHABLE),
    ],
)
def test_every_failure_has_a_reason_in_plain_words(error: Exception, found: Why) -> None:
    assert why(error) is found
    assert found.sentence.endswith(".")
