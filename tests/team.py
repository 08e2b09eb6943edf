"""People in teams, with browsers, made by the stores: without forms, mails and hashes."""

import asyncio
from datetime import UTC, datetime

from quart import Quart
from quart.typing import TestClientProtocol as Client

from webapp.audit.actor import Actor
from webapp.errors import NotFound
from webapp.organisers import invitations, store
from webapp.organisers.organiser import Founding, Inviting, Organiser, Role
from webapp.people import sessions
from webapp.people import store as people
from webapp.people.person import Account

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
MANAGE = "/manage/the-house"
_one_at_a_time = asyncio.Lock()


async def somebody(name: str = "ben") -> Account:
    """A person with an account."""
    email = f"{name}@example.org"
    return await people.by_email(email) or await people.add(name=name.capitalize(), email=email, password="", now=NOW)


def acting(person: Account, address: str = "") -> Actor:
    """Somebody as the audit knows them."""
    return Actor(person.id, person.name, address)


async def house() -> Organiser:
    """The organiser of the tests; Olive owns it."""
    async with _one_at_a_time:
        try:
            return await store.by_slug("the-house")
        except NotFound:
            return await founded("The House", by=await somebody("olive"))


async def founded(name: str, *, by: Account) -> Organiser:
    """Another organiser."""
    return await store.found(Founding(name=name), by=acting(by), now=NOW)


async def joined(organiser: Organiser, person: Account, role: Role, *, by: Account | None = None) -> Account:
    """Somebody who has accepted an invitation into the team."""
    host = by or await somebody("olive")
    invitation = await invitations.invite(organiser.id, Inviting(role=role), by=acting(host), now=NOW)
    await invitations.accept(invitation, by=acting(person), now=NOW)
    return person


async def browser(app: Quart, person: Account) -> Client:
    """A browser without JavaScript in which somebody is signed in."""
    client, auth = app.test_client(), app.extensions["QUART_AUTH"][0]
    secret = await sessions.begin(person.id, agent="", now=datetime.now(UTC))
    client.set_cookie("localhost", auth.cookie_name, auth.dump_token(secret, app))
    return client
