"""What programs do with the resources, from a draft to somebody inside."""

import asyncio
from typing import Any

import pytest
from quart import Quart

from tests.api.conftest import Program, program_of
from tests.team import house, joined, somebody
from webapp.database import Database
from webapp.organisers.organiser import Role
from webapp.places.audit import audit
from webapp.responses import now

TEAM = "/api/v1/organisers/the-house"
CONTACT = {"name": "Ana", "email": "ana@example.org"}
EVE = {"name": "Eve", "email": "eve@example.org"}


@pytest.fixture
async def jazz(olive: Program) -> str:
    """The address of a published event with two places."""
    return f"/api/v1/events/{(await olive.publishes(capacity=2))['slug']}"


async def type_of(program: Program, event: str) -> str:
    return str((await program.reads(f"{event}/ticket-types")).said["items"][0]["id"])


async def holds(program: Program, event: str, count: int = 1, **more: Any) -> dict[str, Any]:
    wanted = {"tickets": {await type_of(program, event): count}, **more}
    return (await program.posts(f"{event}/holds", wanted)).said


async def registered(program: Program, event: str, count: int = 1) -> dict[str, Any]:
    """Somebody's registration, with its token."""
    held = await holds(program, event, count)
    assert "token" in held, held
    told = await program.posts(f"/api/v1/registrations/{held['token']}/confirm", CONTACT)
    return {**told.said, "token": held["token"]}


async def test_an_event_goes_its_way(olive: Program, nobody: Program) -> None:
    event = f"/api/v1/events/{(await olive.makes())['slug']}"
    assert (await nobody.reads(event)).status == 404
    states = [(await olive.posts(f"{event}/{act}")).said["state"] for act in ("publish", "cancel", "unpublish")]
    assert states == ["published", "cancelled", "draft"]
    assert (await olive.asks("DELETE", event)).status == 204
    assert (await olive.reads(event)).status == 404
    assert (await olive.posts(f"{event}/restore")).said["deleted_at"] is None
    assert (await olive.posts(f"{event}/duplicate")).said["title"] == "Jazz (copy)"


async def test_what_is_offered_is_set_up(olive: Program, nobody: Program, jazz: str) -> None:
    pool = (await olive.posts(f"{jazz}/pools", {"name": "Balcony", "capacity": 1})).said
    made = await olive.posts(f"{jazz}/ticket-types", {"name": "Friends", "pools": [pool["id"]], "code": "open sesame"})
    kind = f"{jazz}/ticket-types/{made.said['id']}"
    assert (made.status, made.said["left"], made.said["code"]) == (201, 1, "open sesame")
    assert len((await nobody.reads(f"{jazz}/ticket-types")).said["items"]) == 1
    shown = (await nobody.reads(f"{jazz}/ticket-types?code=open sesame")).said["items"]
    assert [(one["name"], one["code"]) for one in shown] == [("Ticket", None), ("Friends", None)]
    assert (await olive.patches(kind, {"price": "5.00", "least": 9, "most": 2})).pointers == ["/most"]
    assert (await olive.patches(kind, {"price": "5.00"})).said["price"] == "5.00"
    assert (await olive.patches(f"{jazz}/pools/{pool['id']}", {"capacity": 5})).said["left"] == 5
    assert (await olive.asks("DELETE", kind)).status == 204


async def test_places_taken_meanwhile_make_no_edit_void(olive: Program, nobody: Program, jazz: str) -> None:
    kind = f"{jazz}/ticket-types/{await type_of(olive, jazz)}"
    first = await olive.reads(kind)
    await registered(nobody, jazz)
    assert (await olive.reads(kind, If_None_Match=first.tag)).said["left"] == 1
    assert (await olive.patches(kind, {"price": "5.00"}, If_Match=first.tag)).status == 200


async def test_questions_are_asked_and_answered(olive: Program, nobody: Program, jazz: str) -> None:
    food = {"label": "Food?", "kind": "choice", "per": "ticket", "is_required": True, "options": ["All", "Vegan"]}
    question = (await olive.posts(f"{jazz}/questions", food)).said["id"]
    agree = (await olive.posts(f"{jazz}/questions", {"label": "Agree", "kind": "consent", "is_required": True})).said[
        "id"
    ]
    assert (await olive.posts(f"{jazz}/questions", {**food, "options": []})).pointers == ["/options"]
    held = await holds(nobody, jazz)
    path, ticket = f"/api/v1/registrations/{held['token']}", held["registration"]["tickets"][0]["id"]
    wrong = {**CONTACT, "answers": {agree: False, "x": 1}, "attendees": {ticket: {"answers": {question: "Meat"}}}}
    told = await nobody.posts(f"{path}/confirm", wrong)
    assert sorted(told.pointers) == sorted(
        [f"/answers/{agree}", "/answers/x", f"/attendees/{ticket}/answers/{question}"]
    )
    right = {**CONTACT, "answers": {agree: True}, "attendees": {ticket: {"answers": {question: "Vegan"}}}}
    assert (await nobody.posts(f"{path}/confirm", right)).said["tickets"][0]["answers"] == {question: "Vegan"}
    assert (await olive.patches(f"{jazz}/questions/{question}", {"label": "What food?"})).said["label"] == "What food?"
    assert (await olive.asks("DELETE", f"{jazz}/questions/{question}")).status == 204


async def test_a_closed_event_takes_nobody(olive: Program, nobody: Program, jazz: str) -> None:
    assert (await olive.patches(f"{jazz}/form", {"is_open": False})).said["is_open"] is False
    told = await nobody.posts(f"{jazz}/holds", {"tickets": {await type_of(nobody, jazz): 1}})
    assert (told.status, told.problem) == (403, "not-allowed")


async def test_somebody_registers_changes_passes_on_and_gives_back(
    olive: Program, nobody: Program, jazz: str, db: Database
) -> None:
    mine = await registered(nobody, jazz, 2)
    path, (first, second) = f"/api/v1/registrations/{mine['token']}", mine["tickets"]
    secrets = [one["secret"] async for one in db.tickets.find().sort("_id", 1)]
    told = await nobody.patches(path, {"name": "Ana B."})
    assert told.said["name"] == "Ana B."
    passed = await nobody.asks("PATCH", f"{path}/tickets/{second['id']}", EVE, If_Match=told.tag)
    assert passed.said["tickets"][1]["name"] == "Eve"
    assert [one["secret"] async for one in db.tickets.find().sort("_id", 1)][1] != secrets[1]
    assert (await nobody.posts(f"{path}/cancel", {"tickets": ["x"]})).pointers == ["/tickets/0"]
    await nobody.posts(f"{path}/cancel", {"tickets": [first["id"]]})
    assert (await olive.reads(f"{jazz}/pools")).said["items"][0]["left"] == 1
    assert (await nobody.posts(f"{path}/cancel")).said["state"] == "cancelled"


async def test_who_comes_too_late_waits_and_is_offered_places(olive: Program, nobody: Program, jazz: str) -> None:
    mine = await registered(nobody, jazz, 2)
    late = await holds(nobody, jazz)
    assert late["registration"] is None
    place = f"/api/v1/waiting-list-entries/{late['token']}"
    assert (await nobody.patches(place, {"name": "Ben", "email": "ben@example.org"})).said["ahead"] == 0
    await nobody.posts(f"/api/v1/registrations/{mine['token']}/cancel")
    assert (await nobody.reads(place)).said["state"] == "offered"
    accepted = (await nobody.posts(f"{place}/accept")).said
    told = await nobody.posts(f"/api/v1/registrations/{accepted['token']}/confirm", CONTACT)
    assert told.said["state"] == "confirmed"
    assert (await audit((await olive.reads(jazz)).said["id"], now=now())).findings == []


async def test_a_moments_refusal_is_not_kept(olive: Program, nobody: Program, jazz: str) -> None:
    mine = await registered(nobody, jazz, 2)
    wanted = {"tickets": {await type_of(nobody, jazz): 1}, "would_wait": False}
    key = {"Idempotency_Key": "a-key-of-some-length"}
    assert (await nobody.posts(f"{jazz}/holds", wanted, **key)).problem == "sold-out"
    await nobody.posts(f"/api/v1/registrations/{mine['token']}/cancel")
    assert (await nobody.posts(f"{jazz}/holds", wanted, **key)).status == 201


async def test_the_last_place_is_taken_once(olive: Program, nobody: Program, jazz: str) -> None:
    await registered(nobody, jazz)
    told = await asyncio.gather(*(holds(nobody, jazz, would_wait=False) for _ in range(6)))
    assert sum("token" in one for one in told) == 1


async def test_the_team_registers_finds_edits_and_cancels(olive: Program, jazz: str, db: Database) -> None:
    path, kind = f"{jazz}/registrations", await type_of(olive, jazz)
    made = (await olive.posts(path, {**CONTACT, "tickets": {kind: 2}})).said
    assert (await olive.posts(path, {**CONTACT, "tickets": {kind: 1}})).problem == "sold-out"
    assert (await olive.posts(path, {**CONTACT, "tickets": {"x": 1}})).pointers == ["/tickets/x"]
    bulk = await olive.posts(f"{path}/bulk", {"items": [{**CONTACT, "tickets": {kind: 1}, "even_beyond": True}, {}]})
    assert [one["status"] for one in bulk.said["results"]] == [201, 422]
    assert len((await olive.reads(f"{path}?text=ana&state=confirmed&expand=event")).said["items"]) == 2
    one = f"{path}/{made['id']}"
    ticket = made["tickets"][0]["id"]
    assert (await olive.patches(one, {"attendees": {ticket: {"name": "Eve"}}})).said["tickets"][0]["name"] == "Eve"
    assert (await olive.posts(f"{one}/resend")).status == 204
    assert (await olive.posts(f"{one}/cancel", {"tickets": [ticket]})).said["state"] == "confirmed"
    assert (await olive.posts(f"{one}/cancel", {"reason": "Rain"})).said["reason"] == "Rain"
    acts = [row["action"] async for row in db.records.find({"subject.id": made["id"]}).sort("at", 1)]
    assert acts == ["registered", "edited", "resent", "edited", "cancelled"]


async def test_the_team_moves_the_line(olive: Program, nobody: Program, jazz: str) -> None:
    mine, kind = await registered(nobody, jazz, 2), await type_of(olive, jazz)
    await holds(nobody, jazz)
    await holds(nobody, jazz)
    assert (await olive.posts(f"{jazz}/ticket-types/{kind}/pause")).said["waiting"] == 2
    await nobody.posts(f"/api/v1/registrations/{mine['token']}/cancel")
    first, second = (await olive.reads(f"{jazz}/waiting-list")).said["items"]
    assert (await olive.posts(f"{jazz}/waiting-list/{second['id']}/offer")).said["state"] == "offered"
    assert (await olive.asks("DELETE", f"{jazz}/waiting-list/{first['id']}")).status == 204
    assert (await olive.reads(f"{jazz}/waiting-list?state=removed")).said["items"][0]["id"] == first["id"]
    assert (await olive.posts(f"{jazz}/ticket-types/{kind}/resume")).said["waiting"] == 0


async def door_of(
    app: Quart, db: Database, olive: Program, nobody: Program, jazz: str
) -> tuple[Program, dict[str, Any]]:
    """A helper's program, and a scan of somebody's ticket."""
    await registered(nobody, jazz)
    helper = await program_of(app, await joined(await house(), await somebody("dora"), Role.DOOR))
    secret = (await db.tickets.find_one())["secret"]
    asked = (await helper.reads(f"{jazz}/check-in-lists")).said["items"][0]["id"]
    gate = (await olive.posts(f"{jazz}/gates", {"name": "Gate B"})).said["id"]
    return helper, {"code": secret, "list_id": asked, "nonce": "nonce-0001", "gate_id": gate}


async def test_a_ticket_opens_the_door_once(
    app: Quart, db: Database, olive: Program, nobody: Program, jazz: str
) -> None:
    helper, scan = await door_of(app, db, olive, nobody, jazz)
    path = f"{jazz}/check-ins"
    first, again = [await helper.posts(path, scan) for _ in range(2)]
    assert (first.said["status"], first.said, first.status) == ("ok", again.said, 200)
    other = await helper.posts(path, {**scan, "nonce": "nonce-0002"})
    assert (other.status, other.said["status"], other.said["result"]) == (200, "error", "already_in")
    assert (other.said["before"]["gate"], other.said["before"]["device"]) == ("Gate B", "Dora")
    assert (await helper.posts(path, {**scan, "code": "x", "nonce": "nonce-0003"})).status == 404
    assert (await helper.posts(path, {**scan, "force": "known", "nonce": "nonce-0004"})).status == 403
    assert (await olive.posts(path, {**scan, "force": "known", "nonce": "nonce-0005"})).said["forced"] is True
    assert (await helper.reads(f"{jazz}/tickets?expand=registration")).pointers == ["expand"]
    assert (await helper.reads(f"{jazz}/tickets")).said["items"][0]["email"] is None


async def test_scans_are_sent_together_and_taken_back(
    app: Quart, db: Database, olive: Program, nobody: Program, jazz: str
) -> None:
    helper, scan = await door_of(app, db, olive, nobody, jazz)
    items = [scan, {**scan, "nonce": "nonce-0002"}, {**scan, "code": "x", "nonce": "nonce-0003"}, {"nonce": "?"}]
    told = await helper.posts(f"{jazz}/check-ins/bulk", {"items": items})
    assert [one["status"] for one in told.said["results"]] == [200, 200, 404, 422]
    assert (await helper.reads(f"{jazz}/statistics")).said["door"]["inside"] == 1
    in_ = next(one["made"] for one in told.said["results"] if one.get("made", {}).get("status") == "ok")
    taken = await helper.posts(f"{jazz}/check-ins/{in_['id'].partition(':')[2]}/annul", {"reason": "Wrong person"})
    assert (taken.said["kind"], taken.said["status"]) == ("undo", "ok")
    assert (await helper.reads(f"{jazz}/statistics")).said["door"]["inside"] == 0
    listed = (await helper.reads(f"{jazz}/check-ins?result=ok&limit=1")).said
    assert (listed["items"][0]["kind"], bool(listed["next"])) == ("undo", True)


async def test_a_token_that_only_reads_checks_nobody_in(app: Quart, olive: Program, jazz: str) -> None:
    reader = await program_of(app, await somebody("olive"), "read", "write")
    told = await reader.posts(f"{jazz}/check-ins", {})
    assert (told.status, told.problem) == (403, "scope-too-small")


async def test_lists_and_the_limit_are_set_up(olive: Program, jazz: str) -> None:
    made = await olive.posts(f"{jazz}/check-in-lists", {"name": "Evening", "opens": "2199-08-01T19:00"})
    one = f"{jazz}/check-in-lists/{made.said['id']}"
    assert made.said["opens_at"] == "2199-08-01T17:00:00Z"
    told = await olive.patches(one, {"opens": None, "entries": "many"})
    assert (told.said["opens_at"], told.said["entries"]) == (None, "many")
    assert (await olive.patches(f"{jazz}/door", {"limit": 400})).said["limit"] == 400
    assert (await olive.posts(f"{jazz}/check-in-lists", {"name": "Evening"})).status == 409


async def test_a_team_is_led(app: Quart, olive: Program) -> None:
    ben = await joined(await house(), await somebody("ben"), Role.DOOR)
    member = f"{TEAM}/members/{ben.id}"
    assert [one["name"] for one in (await olive.reads(f"{TEAM}/members")).said["items"]] == ["Ben", "Olive"]
    assert (await olive.patches(member, {"role": "editor"})).said["role"] == "editor"
    made = (await olive.posts(f"{TEAM}/invitations", {"role": "door"})).said
    assert made["link"].partition("?token=")[2]
    assert (await olive.asks("DELETE", f"{TEAM}/invitations/{made['id']}")).status == 204
    assert (await olive.asks("DELETE", member)).status == 204
    assert (await (await program_of(app, ben)).reads(f"{TEAM}/members")).status == 404


async def test_an_organiser_is_founded_described_and_ended(olive: Program, nobody: Program) -> None:
    path = f"/api/v1/organisers/{(await olive.posts('/api/v1/organisers', {'name': 'Quay'})).said['slug']}"
    assert [one["name"] for one in (await olive.reads("/api/v1/organisers")).said["items"]] == ["Quay", "The House"]
    assert (await olive.patches(path, {"about": "Music"})).said["role"] == "owner"
    assert (await nobody.reads(path)).said["role"] is None
    assert (await olive.asks("DELETE", path)).status == 204


async def test_what_programs_do_is_in_the_audit(olive: Program, jazz: str) -> None:
    told = (await olive.reads(f"{TEAM}/audit?kind=event&expand=event")).said["items"]
    assert [(one["action"], one["actor"]["via"]) for one in told] == [("published", "api"), ("created", "api")]
    assert told[0]["event"]["title"] == "Jazz"


def test_every_write_can_be_sent_twice(app: Quart) -> None:
    """Every handler below /api/v1 that changes something has an `operation`, which does it once."""
    safe = {"GET", "HEAD", "OPTIONS"}
    writing = [
        rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/") and (rule.methods or set()) - safe
    ]
    assert len(writing) >= 40
    for rule in writing:
        operation = app.view_functions[rule.endpoint].operation
        assert not operation.bare or rule.rule.startswith(("/api/v1/tokens", "/api/v1/tickets")), rule.rule
