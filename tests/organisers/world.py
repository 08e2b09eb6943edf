"""Two organisers with one of everything, and people who stand differently to the first of them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests import whole
from tests.team import NOW, acting, browser, founded, house, joined, somebody
from webapp.database import db
from webapp.door import clashes, devices, lists
from webapp.door.checkin import Scan
from webapp.door.making import GateForm, LinkForm
from webapp.door.wishes import Door
from webapp.events import store as events
from webapp.events.event import Details, Event
from webapp.events.live import event_viewers
from webapp.imports import store as imports
from webapp.messages.message import Message
from webapp.organisers import invitations
from webapp.organisers.organiser import Inviting, Organiser, Role
from webapp.people.person import Account
from webapp.programs import store as tokens
from webapp.programs.token import Wish
from webapp.registrations import store as registrations
from webapp.registrations import taking
from webapp.registrations.registration import Wanted
from webapp.ticket_types import store as ticket_types
from webapp.ticket_types.question import Form, Question
from webapp.ticket_types.ticket_type import Offering
from webapp.webhooks import store as webhooks
from webapp.webhooks.webhook import Endpoint

ADMIN = "ada@example.org"
EVERYTHING = Wish(name="Everything", read=True, write=True, checkin=True, admin=True, days="7")
DETAILS = {"title": "Night Walk", "starts": "2199-05-03T20:00", "ends": "2199-05-03T22:00", "zone": "UTC"}


@dataclass
class World:
    """`people` by the names of the columns of docs/access.md; `ids` what stands in an address, by its name there."""

    ours: Organiser
    theirs: Organiser
    people: dict[str, Account]
    ids: dict[str, str]
    foreign: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    kept: dict[str, list[Any]] = field(default_factory=dict)

    async def client(self, app: Quart, name: str) -> Client:
        """The browser of one of the people."""
        return await browser(app, self.people[name]) if name in self.people else app.test_client()

    async def headers(self, name: str, path: str) -> dict[str, str]:
        """What one of the people sends along: to the API a token, which is all that counts there."""
        if not path.startswith("/api/") or name not in self.people:
            return {}
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    async def remember(self) -> None:
        """Keeps everything as it is now."""
        kept = await whole.documents(db())
        self.kept = {name: documents for name, documents in kept.items() if "heartbeat" not in name}

    async def restore(self) -> None:
        """Makes everything as it was kept."""
        now = await whole.documents(db())
        for name, documents in self.kept.items():
            if now[name] != documents:
                await db()[name].delete_many({})
                if documents:
                    await db()[name].insert_many(documents)


async def made() -> World:
    """A fresh world in an empty database."""
    ours, olive, nell = await house(), await somebody("olive"), await somebody("nell")
    theirs = await founded("Next Door", by=nell)
    people = {"signed in": await somebody("ben"), "owner": olive, "other owner": nell, "admin": await somebody("ada")}
    for role in (Role.DOOR, Role.EDITOR, Role.MANAGER):
        people[role.value] = await joined(ours, await somebody(role.value), role)
    member = await joined(ours, await somebody("dora"), Role.DOOR)
    ids = {"organiser_slug": ours.slug, "person_id": member.id, **await _things(ours, olive)}
    foreign = {"person_id": olive.id, **{name: value for name, value in ids.items() if name != "organiser_slug"}}
    foreign |= {"organiser_slug": theirs.slug, "slug": (await _event(theirs, nell)).slug}
    shown = {name: await tokens.create(EVERYTHING, by=one, now=datetime.now(UTC)) for name, one in people.items()}
    made = World(ours, theirs, people, ids, foreign, shown)
    await made.remember()
    return made


def filled(rule: str, ids: dict[str, str]) -> str:
    """A route's address, with `x` for what nobody knows."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids.get(found[1], "x"), rule)


def parts(rule: str) -> list[str]:
    """The names of what a route's address is about."""
    return re.findall(r"<(?:\w+:)?(\w+)>", rule)


async def _things(organiser: Organiser, by: Account) -> dict[str, str]:
    event = await _event(organiser, by)
    one = await imports.add(organiser.id, b"", origin="city.ics", by=acting(by), now=NOW)
    invitation = await invitations.invite(organiser.id, Inviting(role=Role.EDITOR), by=acting(by), now=NOW)
    link = await devices.add_link(event, LinkForm(name="Evening shift"), by=acting(by), now=NOW)
    gate = await lists.add_gate(event, GateForm(name="North"), by=acting(by), now=NOW)
    await tokens.create_for(organiser.id, EVERYTHING, Role.EDITOR, by=acting(by), now=NOW)
    (token,) = await tokens.of_organiser(organiser.id)
    webhook, _ = await webhooks.add(organiser.id, Endpoint(url="https://example.org/hook"), by=acting(by), now=NOW)
    await webhooks.ping(webhook, now=NOW)
    [delivery] = await webhooks.latest(webhook.id, limit=1)
    return {
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
        "list_id": (await lists.of(event))[0].id,
        "ticket_id": "no-such-ticket",
        "check_in_id": "program-x:no-such-scan",
        "link_id": link.id,
        "gate_id": gate.id,
        "clash_id": await _clash(event, link.id),
        **await _registered(event, by),
        "message_id": await _written(event),
        "slug": event.slug,
        "event_id": event.id,
        "looked_at": event_viewers(event.id).key,
        "import_id": one.id,
        "invitation_id": invitation.id,
        "token_id": token.id,
    }


async def _clash(event: Event, device_id: str) -> str:
    door, scan = Door(event.organiser_id, event.id, device_id, "Phone"), Scan(list_id="x", nonce="12345678")
    await clashes.note(door, scan, "This check-in list is gone.", happened_at=NOW, now=NOW)
    return f"{device_id}:{scan.nonce}"


async def _registered(event: Event, by: Account) -> dict[str, str]:
    full = await ticket_types.add_pool(event, "Full", 0, by=acting(by), now=NOW)
    kind = await ticket_types.add(event, Offering(name="Full", pools=[full]), by=acting(by), now=NOW)
    await ticket_types.save_form(event, Form(questions=[Question(id="food", label="Food")]), by=acting(by), now=NOW)
    offered = await ticket_types.offered(event)
    wanted = [Wanted(tickets={type_id: 1}, key=f"the key of {type_id}") for type_id in (event.id, kind.id)]
    hold, entry = [await taking.take(offered, one, by=by.id, now=datetime.now(UTC)) for one in wanted]
    found = {
        "registration_id": hold.id,
        "ticket_id": f"{hold.id}-1",
        "entry_id": entry.id,
        "type_id": kind.id,
        "pool_id": full,
    }
    return {**found, "question_id": "food", "token": registrations.path_of(hold.id).rpartition("/")[2]}


async def _written(event: Event) -> str:
    """A message of which one mail could not be delivered, to somebody who is not known any more."""
    whose = {"organiser_id": event.organiser_id, "event_id": event.id}
    said = {"subject": "Bring a lamp", "text": "It is dark.", "states": ["confirmed"], "created_at": NOW}
    message = Message(id="message-of-the-world", **whose, **said, upto=1, total=1, posted=1, failed=1)
    await db().messages.insert_one(message.model_dump(by_alias=True))
    ended = {"state": "failed", "ended_at": NOW, "why": "full"}
    await db().mails.insert_one({"_id": f"{message.id}-gone", "message_id": message.id, **ended})
    return message.id


async def _event(organiser: Organiser, by: Account) -> Event:
    event = await events.create(organiser.id, Details.model_validate(DETAILS), by=acting(by), now=NOW)
    return await events.publish(event, by=acting(by), now=NOW)
