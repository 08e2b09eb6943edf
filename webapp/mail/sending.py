"""Sends mails: by SMTP, or with no SMTP_URL as files into var/outbox. What a mail says is never logged."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

import structlog
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, send

from webapp import due, signing
from webapp.database import PyMongoError
from webapp.mail import store
from webapp.mail.letter import Letter, as_text
from webapp.mail.store import Mail
from webapp.settings import Settings

SECONDS = 30
AT_ONCE = 4
LINK = "mail link"
LINK_LASTS = timedelta(hours=2)
Render = Callable[[str, dict[str, object]], str]

log = structlog.get_logger()
_running: set[asyncio.Task[None]] = set()


@dataclass(frozen=True)
class _Way:
    """How mails leave this installation."""

    smtp_url: str
    sender: str
    base: str
    outbox: Path
    render: Render


_ways: list[_Way] = []


def use(settings: Settings, render: Render) -> None:
    """Sends as the settings say from now on."""
    _ways[:] = [
        _Way(settings.smtp_url, settings.mail_from, settings.address, settings.var / "outbox", render),
    ]


@due.job
async def start_due(now: datetime) -> int:
    """Claims a mail that waits, if there is one, and sends it beside everything else."""
    if not _ways or len(_running) >= AT_ONCE:
        return 0
    mail = await store.claim(now)
    if mail is None:
        return 0
    task = asyncio.create_task(_carry_out(mail))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return 1


async def finish() -> None:
    """Waits for what is being sent."""
    await asyncio.gather(*_running)


def token_of(text: str) -> str | None:
    """The id that a mailed link carries, if the link was made here and is not too old."""
    return signing.read(LINK, text, within=LINK_LASTS)


def message(mail: Mail, way: _Way) -> EmailMessage:
    """The mail as it goes over the wire, text and HTML; its id stays the same in every attempt."""
    letter, link = mail.letter, _link(mail.letter, way)
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = way.sender, mail.to, letter.subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{mail.id}@{urlsplit(way.base).hostname or 'localhost'}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(as_text(letter, link))
    made.add_alternative(way.render("mail/letter.html", {"letter": letter, "link": link}), subtype="html")
    return made


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
        await deliver(message(mail, way), mail.id, way)
    except (SMTPException, OSError) as error:
        await _not_sent(mail, error)
    else:
        await store.close(mail, "sent", now=datetime.now(UTC))


async def _not_sent(mail: Mail, error: Exception) -> None:
    is_final = _is_refusal(error) or mail.attempts >= store.ATTEMPTS
    log.warning("a mail was not sent", id=mail.id, reason=type(error).__name__, given_up=is_final)
    if is_final:
        await store.close(mail, "failed", now=datetime.now(UTC))
    else:
        await store.put_back(mail, now=datetime.now(UTC))


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


def _link(letter: Letter, way: _Way) -> str:
    if not letter.path:
        return ""
    query = f"?{urlencode({'token': signing.sign(LINK, letter.token)})}" if letter.token else ""
    return f"{way.base}{letter.path}{query}"
