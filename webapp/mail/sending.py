"""Sends mails: by SMTP, or with no SMTP_URL as files into var/outbox. What a mail says is never logged."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import structlog
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    send,
)

from webapp import due
from webapp.database import PyMongoError
from webapp.mail import store
from webapp.mail.composing import Content, Envelope, Render, composed
from webapp.mail.enclosure import NOTHING, Enclosure
from webapp.mail.failing import Why, by_answer
from webapp.mail.letter import Letter
from webapp.mail.store import Mail
from webapp.observing import metrics
from webapp.settings import Settings
from webapp.walls import signing

SECONDS = 30
AT_ONCE = 4
LINK = "mail link"
LINK_LASTS = timedelta(hours=2)
OF_OURS = (SMTPAuthenticationError, SMTPHeloError, SMTPNotSupported, SMTPSenderRefused)


Made = Callable[[str, str, str], Awaitable[Enclosure]]
AnswersTo = Callable[[str], Awaitable[str]]

log = structlog.get_logger()
_beside = due.Beside(AT_ONCE)


@dataclass(frozen=True)
class _Way:
    """How mails leave this installation."""

    smtp_url: str
    sender: str
    base: str
    outbox: Path
    render: Render


_ways: list[_Way] = []
_encloses: dict[str, Made] = {}
_outbox_days = [30]
_answers: list[AnswersTo] = []


def encloses(name: str, made: Made) -> None:
    """Has letters that name this bring along what `made(token, to, base)` gives when the mail is sent."""
    _encloses[name] = made


def answers_go(to: AnswersTo) -> None:
    """Has `to(organiser_id)` say where answers to an organiser's mails go; "" is nowhere."""
    _answers[:] = [to]


def use(settings: Settings, render: Render) -> None:
    """Sends as the settings say from now on."""
    _ways[:] = [
        _Way(settings.smtp_url, settings.mail_from, settings.address, settings.var / "outbox", render),
    ]


def keep_in_outbox(days: int) -> None:
    """Has files in var/outbox go after so many days, when the next one comes."""
    _outbox_days[:] = [days]


@due.job(due.When("mails", "due_at"))
async def start_due(now: datetime) -> int:
    """Claims a mail that waits, if there is one, and sends it beside everything else."""
    if not _ways or _beside.is_full:
        return 0
    mail = await store.claim(now)
    if mail is None:
        return 0
    _beside.begin(_carry_out(mail))
    return 1


async def finish() -> None:
    """Waits for what is being sent."""
    await _beside.finish()


def token_of(text: str) -> str | None:
    """The id that a mailed link carries, if the link was made here and is not too old."""
    return signing.read(LINK, text, within=LINK_LASTS)


async def message(mail: Mail, way: _Way) -> EmailMessage:
    """The mail as it goes over the wire."""
    letter = mail.letter
    reply_to = await _answers[0](letter.organiser_id) if letter.organiser_id and _answers else ""
    made = _encloses.get(letter.attachment)
    enclosure = await made(letter.enclosed or letter.token, mail.to, way.base) if made else NOTHING
    envelope = Envelope(id=mail.id, sender=way.sender, to=mail.to, reply_to=reply_to, base=way.base)
    content = Content(letter, _link(letter, way), enclosure)
    return composed(envelope, content, way.render, datetime.now(UTC))


async def _carry_out(mail: Mail) -> None:
    try:
        with contextlib.suppress(PyMongoError):
            await _try(mail, _ways[0])
    except Exception:
        # What went wrong may quote the mail, so only its id is told; the claim ends and it is tried again.
        log.error("a mail could not be made", id=mail.id)  # noqa: TRY400


async def _try(mail: Mail, way: _Way) -> None:
    deliver: Callable[[EmailMessage, str, _Way], Awaitable[None]] = _by_smtp if way.smtp_url else _into_outbox
    try:
        await deliver(await message(mail, way), mail.id, way)
    except (SMTPException, OSError) as error:
        await _not_sent(mail, error)
    else:
        metrics.mails.labels("sent").inc()
        await store.close(mail, "sent", now=datetime.now(UTC))


async def _not_sent(mail: Mail, error: Exception) -> None:
    is_final = _is_refusal(error) or mail.attempts >= store.ATTEMPTS
    metrics.mails.labels("failed" if is_final else "put_off").inc()
    log.warning("a mail was not sent", id=mail.id, reason=type(error).__name__, given_up=is_final)
    if is_final:
        await store.close(mail, "failed", now=datetime.now(UTC), why=why(error))
    else:
        await store.put_back(mail, now=datetime.now(UTC))


def why(error: Exception) -> Why:
    """What it is that a mail failed by."""
    if isinstance(error, SMTPRecipientsRefused):
        return why(error.recipients[0]) if error.recipients else Why.REFUSED
    if isinstance(error, OF_OURS):
        return Why.OURS
    if isinstance(error, SMTPResponseException) and not isinstance(error, SMTPConnectError):
        return by_answer(error.code, error.message, is_about_address=isinstance(error, SMTPRecipientRefused))
    return Why.UNREACHABLE


def _is_refusal(error: Exception) -> bool:
    """Whether the server said no for good (RFC 5321, 4.2.1)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in error.recipients)
    return isinstance(error, SMTPResponseException) and error.code >= 500


async def _by_smtp(made: EmailMessage, _: str, way: _Way) -> None:
    url = urlsplit(way.smtp_url)
    is_tls = url.scheme == "smtps"
    await send(
        made,
        hostname=url.hostname,
        port=url.port or (465 if is_tls else 587 if url.username else 25),
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=is_tls,
        # A password only travels encrypted; without one, encryption is taken where it is offered.
        start_tls=None if is_tls or not url.username else True,
        tls_context=ssl.create_default_context(),
        timeout=SECONDS,
    )


async def _into_outbox(made: EmailMessage, name: str, way: _Way) -> None:
    await asyncio.to_thread(_write, made.as_bytes(), way.outbox, f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}.eml")


def _write(content: bytes, outbox: Path, name: str) -> None:
    outbox.mkdir(parents=True, exist_ok=True)
    half = outbox / f".{name}"
    half.touch(mode=0o600)
    half.write_bytes(content)
    half.rename(outbox / name)
    oldest = time.time() - _outbox_days[0] * 24 * 60 * 60
    for old in outbox.glob("*.eml"):
        if old.stat().st_mtime < oldest:
            old.unlink(missing_ok=True)


def _link(letter: Letter, way: _Way) -> str:
    if not letter.path:
        return ""
    query = f"?{urlencode({'token': signing.sign(LINK, letter.token)})}" if letter.token else ""
    return f"{way.base}{letter.path}{query}"
