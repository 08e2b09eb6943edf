"""The mail server: there, encrypted where a password travels, and it lets us in."""

import smtplib
import ssl
from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from webapp.doctor.finding import Finding, well, wrong
from webapp.settings import Settings

SECONDS = 10


def check(given: Settings) -> Iterator[Finding]:
    """Findings about mails. Nothing is sent."""
    if not given.smtp_url:
        if given.is_development:
            yield well("Mails are kept in var/outbox, since SMTP_URL is not set")
        else:
            yield wrong("Nobody gets a mail, so nobody can open an account", "set SMTP_URL")
        return
    yield _server(urlsplit(given.smtp_url))
    yield _sender(given)


def _server(url: SplitResult) -> Finding:
    is_tls = url.scheme == "smtps"
    port = url.port or (465 if is_tls else 587 if url.username else 25)
    where = f"{url.hostname}:{port}"
    try:
        with _connected(url.hostname or "", port, is_tls=is_tls) as server:
            server.ehlo()
            if not is_tls and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            elif not is_tls and url.username:
                cure = "use smtps://, or a server that offers STARTTLS"
                return wrong(f"The mail server {where} would take the password unencrypted", cure)
            if url.username:
                server.login(unquote(url.username), unquote(url.password or ""))
    except smtplib.SMTPAuthenticationError:
        return wrong(f"The mail server {where} refuses the name or the password", "correct SMTP_URL")
    except ssl.SSLError as error:
        return wrong(f"The mail server {where} cannot be trusted ({error.reason})", "correct its certificate or name")
    except (OSError, smtplib.SMTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return wrong(f"The mail server {where} does not answer ({reason})", "correct SMTP_URL, or open the port")
    return well(f"The mail server {where} answers and lets us in")


def _connected(host: str, port: int, *, is_tls: bool) -> smtplib.SMTP:
    if is_tls:
        return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, timeout=SECONDS)


def _sender(given: Settings) -> Finding:
    address = parseaddr(given.mail_from)[1]
    if not given.is_development and address.endswith("@localhost"):
        return wrong(f"Mails come from {address}, which others refuse", "set TURNOUT_MAIL_FROM to an address of yours")
    return well(f"Mails come from {address}")
