"""Every form there is: who fills it in, and with what. A new one has to be said here, or the walk fails."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.organisers.world import World
from tests.team import acting, somebody
from webapp.database import db, new_id
from webapp.door import devices
from webapp.door.making import DeviceForm, LinkForm
from webapp.events import store as events
from webapp.mail.sending import LINK, LINK_LASTS
from webapp.people import passwords
from webapp.people.person import key_of
from webapp.walls import signing

PASSWORD = "seven blue herons"
EVENT = {
    "title": "Night Walk",
    "summary": "By the water",
    "description": "Bring a lamp.",
    "starts": "2199-05-03T20:00",
    "ends": "2199-05-03T22:00",
    "zone": "UTC",
    "doors": "2199-05-03T19:00",
    "all_day": "false",
    "place_name": "Old Mill",
    "place_address": "1 River Road",
    "latitude": "52.5",
    "longitude": "13.4",
    "online_url": "https://example.org/live",
    "capacity": "80",
    "tags": "outdoors",
    "language": "en",
    "organiser_name": "Walkers",
}
TOKEN = {"name": "Screen", "read": "true", "days": "90"}
DAYS = {"audit_days": "90", "session_days": "7", "mail_days": "7", "deleted_event_days": "7", "message_days": "90"}


@dataclass(frozen=True)
class Form:
    """The person who sends it, by the name of their column in docs/access.md, and fields that are accepted."""

    by: str
    fields: dict[str, str] = field(default_factory=dict)


FORMS = {
    "/admin/organisers/<owned_slug>/transfer": Form("admin", {"email": "ben@example.org"}),
    "/admin/people/<account_id>/delete": Form("admin"),
    "/admin/people/<account_id>/disable": Form("admin"),
    "/admin/people/<account_id>/enable": Form("admin"),
    "/admin/people/<account_id>/sign-out": Form("admin"),
    "/admin/retention": Form("admin", DAYS),
    "/events/<slug>/cancel": Form("editor"),
    "/events/<slug>/delete": Form("editor"),
    "/events/<slug>/duplicate": Form("editor"),
    "/events/<slug>/edit": Form("editor", {**EVENT, "version": "1"}),
    "/events/<slug>/publish": Form("editor"),
    "/events/<slug>/restore": Form("editor"),
    "/events/<slug>/unpublish": Form("editor"),
    "/forgotten-password": Form("anonymous", {"email": "ben@example.org"}),
    "/invitation": Form("signed in", {"token": "{invitation}"}),
    "/join": Form("anonymous", {"token": "{joining}", "name": "Ana", "new_password": PASSWORD}),
    "/manage/<organiser_slug>/delete": Form("owner"),
    "/manage/<organiser_slug>/events": Form("editor", EVENT),
    "/manage/<organiser_slug>/import": Form("editor", {"address": "http://127.0.0.1:1/city.ics"}),
    "/manage/<organiser_slug>/import/<import_id>/drop": Form("editor"),
    "/manage/<organiser_slug>/import/<import_id>/go-on": Form("editor"),
    "/manage/<organiser_slug>/invitations": Form("manager", {"role": "door", "email": "eva@example.org"}),
    "/manage/<organiser_slug>/leave": Form("door"),
    "/manage/<organiser_slug>/personal-data": Form("owner", {"keeping": "days", "personal_days": "90"}),
    "/manage/<organiser_slug>/settings": Form("manager", {"name": "The House", "about": "By the water.", "email": ""}),
    "/manage/<organiser_slug>/team/<person_id>/remove": Form("manager"),
    "/manage/<organiser_slug>/team/<person_id>/role": Form("manager", {"role": "editor"}),
    "/manage/<organiser_slug>/team/invitations/<invitation_id>/take-back": Form("manager"),
    "/manage/<organiser_slug>/tokens": Form("manager", {**TOKEN, "role": "editor"}),
    "/manage/<organiser_slug>/tokens/<token_id>/revoke": Form("manager"),
    "/manage/<organiser_slug>/webhooks": Form("manager", {"url": "https://example.org/hook", "families": "event"}),
    "/manage/<organiser_slug>/webhooks/<webhook_id>": Form("manager", {"url": "https://example.org/other"}),
    "/manage/<organiser_slug>/webhooks/<webhook_id>/delete": Form("manager"),
    "/manage/<organiser_slug>/webhooks/<webhook_id>/deliveries/<delivery_id>/again": Form("manager"),
    "/manage/<organiser_slug>/webhooks/<webhook_id>/on": Form("manager"),
    "/manage/<organiser_slug>/webhooks/<webhook_id>/ping": Form("manager"),
    "/manage/<organiser_slug>/webhooks/<webhook_id>/secret": Form("manager"),
    "/me/address": Form("signed in", {"email": "new@example.org"}),
    "/me/calendar": Form("signed in"),
    "/me/calendar/revoke": Form("signed in"),
    "/me/confirm": Form("signed in", {"password": PASSWORD, "next": "/me"}),
    "/me/confirm/passkey": Form("signed in", {"credential": "{}", "next": "/me"}),
    "/me/delete": Form("signed in"),
    "/me/devices/<session_id>/end": Form("signed in"),
    "/me/name": Form("signed in", {"name": "Ben"}),
    "/me/passkeys": Form("signed in", {"name": "Phone", "credential": "{}"}),
    "/me/passkeys/<passkey_id>": Form("signed in", {"name": "Telephone"}),
    "/me/passkeys/<passkey_id>/remove": Form("signed in"),
    "/me/password": Form("signed in", {"password": PASSWORD, "new_password": "nine green herons"}),
    "/me/two-step": Form("signed in", {"code": "123456", "offered": "x"}),
    "/me/two-step/off": Form("signed in"),
    "/me/tokens": Form("signed in", TOKEN),
    "/me/tokens/<token_id>/revoke": Form("signed in"),
    "/new-address": Form("anonymous", {"token": "{address}"}),
    "/new-password": Form("anonymous", {"token": "{password}", "new_password": "nine green herons"}),
    "/organisers": Form("signed in", {"name": "New Club"}),
    "/sign-in": Form("anonymous", {"email": "ben@example.org", "password": PASSWORD, "next": "/me"}),
    "/sign-in/code": Form("anonymous", {"code": "123456", "pending": "x", "next": "/me"}),
    "/sign-in/passkey": Form("anonymous", {"credential": "{}", "next": "/me"}),
    "/sign-out": Form("anonymous"),
    "/sign-up": Form("anonymous", {"email": "eva@example.org", "next": "/me"}),
}

TICKET = {"name": "Adults", "description": "For grown-ups", "price": "5 euros", "least": "1", "most": "4", "code": ""}
TICKET |= {"opens_at": "", "closes_at": "", "needs_approval": "", "pools": "{pool_id}"}
CONTACT = {"name": "Ana", "email": "ana@example.org"}
QUESTION = {"label": "Diet", "help": "x", "kind": "text", "options": "", "if_question": "", "if_answer": ""}
QUESTION |= {"per_ticket": "", "at_door": "", "is_required": ""}
DOOR_LIST = {"name": "Evening", "ticket_type_ids": "", "opens": "", "closes": "", "entries": "once"}
DOOR_LIST |= {"trusts_codes": "true", "takes_walk_ins": "true", "question_ids": "", "is_area": "true"}
# What needs a registration or a phone that is there: sent all the same, but nothing is said about being accepted.
REGISTERING = {
    **{
        f"/events/<slug>/{rest}": Form("editor", fields)
        for rest, fields in {
            "form": {"is_open": "true", "hold_minutes": "10", "offer": "1", "offer_unit": "hours"},
            "questions": QUESTION,
            "questions/<question_id>": QUESTION,
            "questions/<question_id>/remove": {},
            "messages": {"subject": "Hello", "text": "Bring a lamp.", "state": "confirmed", "key": "a key of ours"},
            "messages/<message_id>/again": {},
            "line/<type_id>/pause": {},
            "line/<type_id>/resume": {},
            "line/entries/<entry_id>/offer": {},
            "line/entries/<entry_id>/remove": {},
            "pools": {"name": "Hall", "capacity": "80"},
            "pools/<pool_id>": {"name": "Hall", "capacity": "80"},
            "registrations/<registration_id>": CONTACT,
            "registrations/<registration_id>/approve": {},
            "registrations/<registration_id>/cancel": {},
            "registrations/<registration_id>/more": {"key": "a key of ours", "n.x": "1"},
            "registrations/<registration_id>/resend": {},
            "registrations/<registration_id>/tickets/<ticket_id>/give-back": {},
            "registrations/audit": {},
            "door/clashes/<clash_id>/seen": {},
            "door/gates": {"gate": "North"},
            "door/gates/<gate_id>": {"gate": "North"},
            "door/gates/<gate_id>/remove": {},
            "door/limit": {"limit": "80"},
            "door/links": {"whom": "Evening shift", "hours": "8", "list_ids": "", "gate_ids": "", "may_force": "true"},
            "door/links/<link_id>/revoke": {},
            "door/lists": DOOR_LIST,
            "door/lists/<list_id>": DOOR_LIST,
            "door/lists/<list_id>/remove": {},
            "door/my-phone": {},
            "registrations/new": {**CONTACT, "beyond": "yes"},
            "tickets": TICKET,
            "tickets/<type_id>": TICKET,
            "tickets/<type_id>/remove": {},
        }.items()
    },
    "/events/<slug>/shred": Form("owner", {"is_sure": "true"}),
    "/door/<token>": Form("anonymous", {"name": "Phone"}),
    "/door/leave": Form("phone"),
    "/door/pack": Form("phone", {"etag": "x", "have": "x"}),
    "/door/upload": Form("phone", {"entries": "[]"}),
    "/door/place": Form("phone", {"list_id": "{list_id}", "gate_id": "", "kind": "exit"}),
    "/door/scan": Form("phone", {"code": "x", "ticket_id": "x", "nonce": "12345678", "happened_at": "", "force": ""}),
    "/door/walk-in": Form("phone", {**CONTACT, "ticket_type_id": "x", "nonce": "12345678"}),
    "/door/undo": Form("phone", {"check_in_id": "x", "reason": "A mistake"}),
    "/events/<slug>/registrations": Form("anonymous", {"key": "12345678", "code": "", "wait": "yes"}),
    "/registrations/<token>/accept": Form("anonymous"),
    "/registrations/<token>/cancel": Form("anonymous", {"ticket": ""}),
    "/registrations/<token>/change": Form("anonymous", CONTACT),
    "/registrations/<token>/confirm": Form("anonymous", CONTACT),
    "/registrations/<token>/count": Form("anonymous", {**CONTACT, "n.x": "2"}),
    "/registrations/<token>/more": Form("anonymous", {"key": "a key of ours", "n.x": "1"}),
    "/registrations/<token>/leave": Form("anonymous"),
    "/registrations/<token>/tell": Form("anonymous", CONTACT),
}
FORMS |= REGISTERING


async def prepared(world: World) -> World:
    """A world in which Ben has a password, and a link of every kind is on its way."""
    ben = await somebody("ben")
    hashed = await passwords.hashed(PASSWORD)
    await db().people.update_one({"_id": ben.id}, {"$set": {"password": hashed}})
    world.ids |= {"account_id": ben.id, "owned_slug": world.ours.slug}
    world.ids["invitation"] = signing.sign(LINK, world.ids["invitation_id"])
    passkey = {"_id": new_id(), "person_id": ben.id, "name": "Phone", "credential_id": "eHh4eA", "public_key": b"x"}
    await db().passkeys.insert_one({**passkey, "sign_count": 0, "created_at": datetime.now(UTC)})
    world.ids["passkey_id"] = passkey["_id"]
    for opens, email in (("joining", "eva@example.org"), ("password", ben.email), ("address", "b@example.org")):
        link = {"_id": new_id(), "opens": opens, "email": email, "email_key": key_of(email), "person_id": ben.id}
        await db().links.insert_one({**link, "expires_at": datetime.now(UTC) + LINK_LASTS})
        world.ids[opens] = signing.sign(LINK, link["_id"])
    link = await devices.add_link(
        await events.by_slug(world.ids["slug"]), LinkForm(name="Phones"), by=acting(ben), now=datetime.now(UTC)
    )
    world.ids["phone"] = (await devices.enrol(link, DeviceForm(name="Phone"), now=datetime.now(UTC)))[0]
    await world.remember()
    return world


def filled_in(form: Form, world: World) -> dict[str, str]:
    """The form's fields, with the links of this world."""
    return {name: world.ids.get(value.strip("{}"), value) for name, value in form.fields.items()}
