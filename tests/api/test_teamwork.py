"""What a team does beside registrations, by programs: write, import, hand out door links, invite, and forget."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from quart import Quart

from tests.api.conftest import Program, program_of
from tests.messages.test_messages import posted
from tests.team import acting, house, joined, somebody
from webapp.database import Database
from webapp.door import clashes
from webapp.door.checkin import Scan
from webapp.door.wishes import Door
from webapp.events import store as events
from webapp.imports import work
from webapp.mail import store as mails
from webapp.mail.failing import Why
from webapp.mail.store import Mail
from webapp.organisers.organiser import Role
from webapp.programs import store as tokens
from webapp.programs.token import Wish
from webapp.retention import store as erasures

NOW = datetime.now(UTC)
HOUSE = "/api/v1/organisers/the-house"
ICS = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260101T000000Z
DTSTART:{NOW + timedelta(days=30):%Y%m%dT180000Z}
DTEND:{NOW + timedelta(days=30):%Y%m%dT200000Z}
SUMMARY:May Dance
END:VEVENT
END:VCALENDAR
"""


async def registered(olive: Program) -> str:
    """The address of a published event to which Ana comes."""
    event = f"/api/v1/events/{(await olive.publishes())['slug']}"
    kind = (await olive.reads(f"{event}/ticket-types")).said["items"][0]["id"]
    ana = {"name": "Ana", "email": "ana@example.org", "tickets": {kind: 1}}
    assert (await olive.posts(f"{event}/registrations", ana)).status == 201
    return event


async def test_a_message_goes_to_who_registered_and_says_how_far_it_is(olive: Program) -> None:
    path = f"{await registered(olive)}/messages"
    words = {"subject": "Bring a coat", "text": "It is windy.", "key": "the key of this"}
    assert (await olive.reads(f"{path}/audience")).said["registrations"] == 1
    first, again = [await olive.posts(path, words) for _ in range(2)]
    assert (first.status, first.said["registrations"], again.said["id"]) == (201, 1, first.said["id"])
    read = (await olive.reads(f"{path}/{first.said['id']}")).said
    assert (read["by"], read["why"], read["posted"], read["states"]) == ("Olive", "", 0, ["confirmed"])
    assert [one["id"] for one in (await olive.reads(path)).said["items"]] == [first.said["id"]]
    assert (await olive.posts(f"{path}/{first.said['id']}/again")).status == 409  # nothing failed
    nobody = await olive.posts(path, {**words, "key": "another key", "state": "cancelled"})
    assert (nobody.status, nobody.problem) == (409, "conflict")
    assert (await olive.reads(f"{path}/none")).status == 404


async def test_what_did_not_arrive_is_listed_and_tried_again(olive: Program, db: Database) -> None:
    path = f"{await registered(olive)}/messages"
    message = (await olive.posts(path, {"subject": "Bring a coat", "text": "It is windy."})).said["id"]
    await posted(db)
    [mail] = await db.mails.find({"message_id": message}).to_list(None)
    await mails.close(Mail.model_validate(mail), "failed", now=NOW, why=Why.FULL)
    [lost] = (await olive.reads(f"{path}/{message}/undelivered")).said["items"]
    assert (lost["name"], lost["email"], lost["why"]) == ("Ana", "ana@example.org", "full")
    assert (await olive.reads(f"{path}/{message}")).said["failed"] == 1
    assert (await olive.posts(f"{path}/{message}/again")).said["failed"] == 0
    assert (await olive.posts(f"{path}/{message}/again")).problem == "conflict"


async def test_what_turnout_tells_by_itself_is_among_the_messages(olive: Program) -> None:
    event = await registered(olive)
    await olive.posts(f"{event}/cancel")
    [told] = (await olive.reads(f"{event}/messages")).said["items"]
    assert (told["by"], told["why"]) == ("", "when the event was called off")


async def test_a_calendar_is_imported(olive: Program, db: Database) -> None:
    made = await olive.posts(f"{HOUSE}/imports", {"calendar": ICS, "name": "town.ics"})
    assert (made.status, made.said["state"], made.said["origin"]) == (201, "reading", "town.ics")
    await carried_out()
    read = (await olive.reads(f"{HOUSE}/imports/{made.said['id']}")).said
    assert (read["state"], read["counts"]["new"], read["problems"]) == ("done", 1, [])
    assert [one["title"] for one in (await olive.reads(f"{HOUSE}/events")).said["items"]] == ["May Dance"]
    assert len((await olive.reads(f"{HOUSE}/imports")).said["items"]) == 1
    for answer in ("go-on", "drop"):  # it concerned nobody, so it does not ask
        assert (await olive.posts(f"{HOUSE}/imports/{made.said['id']}/{answer}")).status == 409


async def with_people(olive: Program) -> dict[str, Any]:
    """The same calendar with the event an hour later, to which Ana comes by now: an import that asks."""
    await olive.posts(f"{HOUSE}/imports", {"calendar": ICS})
    await carried_out()
    [dance] = (await olive.reads(f"{HOUSE}/events")).said["items"]
    event = f"/api/v1/events/{dance['slug']}"
    kind = (await olive.reads(f"{event}/ticket-types")).said["items"][0]["id"]
    await olive.posts(f"{event}/registrations", {"name": "Ana", "email": "ana@example.org", "tickets": {kind: 1}})
    later = ICS.replace("T180000Z", "T170000Z").replace("SUMMARY", "SEQUENCE:1\nSUMMARY")
    one = (await olive.posts(f"{HOUSE}/imports", {"calendar": later, "asks": True})).said
    await carried_out()
    return (await olive.reads(f"{HOUSE}/imports/{one['id']}")).said


async def carried_out() -> None:
    await work.start_due(datetime.now(UTC))
    await work.finish()


@pytest.mark.parametrize(("answer", "state", "told"), [("go-on", "done", 1), ("drop", "failed", 1)])
async def test_an_import_that_concerns_people_is_answered(
    olive: Program, db: Database, answer: str, state: str, told: int
) -> None:
    asking = await with_people(olive)
    assert (asking["state"], asking["concern"]["moved_people"], asking["told"]) == ("asking", 1, 1)
    path = f"{HOUSE}/imports/{asking['id']}"
    assert (await olive.posts(f"{path}/{answer}")).status == 200
    await carried_out()
    after = (await olive.reads(path)).said
    assert (after["state"], after["told"]) == (state, told)
    assert (await olive.posts(f"{path}/{answer}")).problem == "conflict"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"address": "https://example.org/a.ics", "calendar": ICS}, ""),
        ({"calendar": "nothing of the kind"}, "/calendar"),
        ({"address": "http://127.0.0.1/a.ics"}, "/address"),
    ],
)
async def test_what_is_no_calendar_is_refused(olive: Program, db: Database, body: dict[str, str], pointer: str) -> None:
    told = await olive.posts(f"{HOUSE}/imports", body)
    assert (told.status, told.pointers) == (422, [pointer])
    assert await db.imports.count_documents({}) == 0


async def test_a_door_link_opens_until_it_is_taken_back(app: Quart, olive: Program) -> None:
    path = f"{await registered(olive)}/door-links"
    made = (await olive.posts(path, {"name": "Evening shift", "hours": 8})).said
    opens = "/door/" + made["link"].rpartition("/door/")[2]
    assert (await app.test_client().get(opens)).status_code == 200
    assert (await olive.reads(f"{path}/{made['id']}")).said["link"] == made["link"]
    assert (await olive.asks("DELETE", f"{path}/{made['id']}")).status == 204
    assert (await app.test_client().get(opens)).status_code == 404
    assert (await olive.reads(f"{path}/{made['id']}")).status == 404
    assert (await olive.reads(path)).said["items"] == []


async def test_whom_a_phone_let_in_by_mistake_is_seen_once(olive: Program) -> None:
    path = await registered(olive)
    event = await events.by_slug(path.rpartition("/")[2])
    door, scan = Door(event.organiser_id, event.id, "phone", "Phone"), Scan(list_id="x", nonce="12345678")
    await clashes.note(door, scan, "This ticket was let in already.", happened_at=NOW, now=NOW)
    [clash] = (await olive.reads(f"{path}/clashes")).said["items"]
    assert clash["reason"] == "This ticket was let in already."
    assert (await olive.posts(f"{path}/clashes/{clash['id']}/seen")).status == 204
    assert (await olive.reads(f"{path}/clashes")).said["items"] == []


async def test_every_place_is_counted_again(olive: Program, db: Database) -> None:
    event = await registered(olive)
    assert (await olive.posts(f"{event}/recount")).said["findings"] == []
    await db.pools.update_many({}, {"$inc": {"taken": 1}})
    assert (await olive.posts(f"{event}/recount")).said["findings"]


async def test_an_invitation_is_accepted_by_a_person_once(app: Quart, olive: Program, db: Database) -> None:
    link = (await olive.posts(f"{HOUSE}/invitations", {"role": "editor"})).said["link"]
    token = {"token": link.rpartition("token=")[2]}
    ben = await program_of(app, await somebody("ben"))
    joined = await ben.posts("/api/v1/invitations/accept", token)
    assert (joined.said["slug"], joined.said["role"]) == ("the-house", "editor")
    assert (await ben.reads(f"{HOUSE}/events")).status == 200
    for given in (token, {"token": "nonsense"}):
        assert (await ben.posts("/api/v1/invitations/accept", given)).status == 404


async def test_the_token_of_an_organiser_joins_no_team(app: Quart, olive: Program, db: Database) -> None:
    link = (await olive.posts(f"{HOUSE}/invitations", {"role": "editor"})).said["link"]
    wish = Wish.model_validate({"name": "Machine", "days": "7", "read": True, "write": True})
    by = acting(await somebody("olive"))
    machine = Program(app, await tokens.create_for((await house()).id, wish, Role.EDITOR, by=by, now=NOW))
    told = await machine.posts("/api/v1/invitations/accept", {"token": link.rpartition("token=")[2]})
    assert (told.status, await db.invitations.count_documents({})) == (403, 1)


async def test_how_long_personal_data_is_kept_is_said_by_its_owner(app: Quart, olive: Program) -> None:
    path = f"{HOUSE}/personal-data"
    assert (await olive.reads(path)).said["keeping"] == "default"
    first = (await olive.reads(path)).tag
    said = (await olive.patches(path, {"keeping": "days", "personal_days": 90}, If_Match=first)).said
    assert (said["personal_days"], said["days"]) == (90, 90)
    assert (await olive.patches(path, {"keeping": "forever"}, If_Match=first)).status == 412
    assert (await olive.patches(path, {"keeping": "forever"})).said["days"] == 0
    assert (await olive.patches(path, {"keeping": "days"})).pointers == ["/personal_days"]
    eva = await program_of(app, await joined(await house(), await somebody("eva"), Role.MANAGER))
    assert (await eva.reads(path)).status == 403


async def test_personal_data_goes_only_when_it_is_over_and_meant(olive: Program, db: Database) -> None:
    event = await registered(olive)
    sure: dict[str, Any] = {"is_sure": True}
    assert (await olive.posts(f"{event}/shred", {"is_sure": False})).pointers == ["/is_sure"]
    assert (await olive.posts(f"{event}/shred", sure)).status == 409
    over = {"starts_at": NOW - timedelta(days=2), "ends_at": NOW - timedelta(days=1), "phase": "over"}
    walls = {"starts": "2020-01-01T20:00", "ends": "2020-01-01T22:00"}
    await db.events.update_one({}, {"$set": over | walls})
    assert (await olive.reads(f"{event}/shred")).status == 404
    assert (await olive.posts(f"{event}/shred", sure)).status == 200
    while await erasures.go_on(datetime.now(UTC)):
        pass
    assert (await olive.reads(f"{event}/shred")).said["people"] == 1
    assert await db.registrations.count_documents({"name": "Ana"}) == 0


async def test_a_patch_of_the_name_keeps_where_answers_go(olive: Program, nobody: Program) -> None:
    await olive.patches(HOUSE, {"email": "hello@example.org"})
    told = (await olive.patches(HOUSE, {"name": "The Old House"})).said
    assert (told["name"], told["email"]) == ("The Old House", "hello@example.org")
    assert (await nobody.reads(HOUSE)).said["email"] is None
