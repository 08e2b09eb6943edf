"""Mails as a real SMTP server receives them."""

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from quart import Quart

from webapp import database
from webapp.database import Database
from webapp.mail import sending, store
from webapp.mail.letter import Letter

LETTER = Letter(subject="Grüße & <more>", paragraphs=["One & <two>."]).with_link("Open", "/join", "a-link")


class Server:
    """Keeps what it gets; answers what it is told to."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        if self.answer.startswith("250"):
            self.received.append(message_from_bytes(envelope.content or b"", policy=policy.default))
        return self.answer


@pytest.fixture
async def server(app: Quart, db: Database) -> AsyncIterator[Server]:
    server = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    given = {"smtp_url": f"smtp://127.0.0.1:{port}", "public_url": "https://turnout.example"}
    render = sending._ways[0].render
    sending.use(app.extensions["settings"].model_copy(update=given), render)
    yield server
    sending.use(app.extensions["settings"], render)
    controller.stop()


async def posted() -> None:
    await database.transaction(
        lambda session: store.post(LETTER, to="ana@example.org", now=datetime.now(UTC), session=session)
    )


async def sent(now: datetime | None = None) -> None:
    while await sending.start_due(now or datetime.now(UTC)):
        await sending.finish()


async def test_a_mail_is_text_and_html_with_a_signed_link(server: Server, db: Database) -> None:
    await posted()
    await sent()
    (mail,) = server.received
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert (mail["To"], mail["Subject"]) == ("ana@example.org", "Grüße & <more>")
    assert "One & <two>." in text
    assert "One &amp; &lt;two&gt;." in html
    token = text.partition("https://turnout.example/join?token=")[2].split()[0]
    assert token in html
    assert sending.token_of(token) == "a-link"


async def test_what_was_sent_is_forgotten(server: Server, db: Database) -> None:
    await posted()
    await sent()
    kept = await db.mails.find_one()
    assert kept["state"] == "sent"
    assert {"to", "letter", "due_at"} & set(kept) == set()


async def test_a_busy_server_is_asked_again_later_with_the_same_id(server: Server, db: Database) -> None:
    server.answer = "451 come back"
    await posted()
    await sent()
    kept = await db.mails.find_one()
    assert (kept["state"], kept["attempts"]) == ("waiting", 1)
    server.answer = "250 OK"
    await sent(datetime.now(UTC) + timedelta(minutes=1))
    assert [mail["Message-ID"] for mail in server.received] == [f"<{kept['_id']}@turnout.example>"]


@pytest.mark.parametrize("answer", ["550 no such person", "554 no"])
async def test_a_refusal_is_final(server: Server, db: Database, answer: str) -> None:
    server.answer = answer
    await posted()
    await sent()
    assert (await db.mails.find_one())["state"] == "failed"


async def test_two_workers_send_a_mail_once(server: Server) -> None:
    await posted()
    assert [await sending.start_due(datetime.now(UTC)) for _ in range(2)] == [1, 0]
    await sending.finish()
    assert len(server.received) == 1


async def test_a_claim_of_a_worker_that_died_is_taken_over(server: Server) -> None:
    await posted()
    assert await store.claim(datetime.now(UTC))
    await sent()
    assert server.received == []
    await sent(datetime.now(UTC) + store.CLAIM)
    assert len(server.received) == 1


async def test_a_mail_of_a_cause_that_did_not_happen_is_not_sent(server: Server, db: Database) -> None:
    async def fail(session: database.Session) -> None:
        await store.post(LETTER, to="ana@example.org", now=datetime.now(UTC), session=session)
        raise LookupError

    with pytest.raises(LookupError):
        await database.transaction(fail)
    await sent()
    assert server.received == []
