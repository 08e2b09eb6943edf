"""Importing in a browser without JavaScript."""

from io import BytesIO
from typing import Any

import pytest
from quart.datastructures import FileStorage
from quart.typing import TestClientProtocol as Client

from tests.events.making import ANA
from tests.imports.calendars import calendar, entry
from tests.team import MANAGE, house
from webapp.imports import live, store, work
from webapp.imports.calendar import LARGEST
from webapp.imports.record import Counts
from webapp.responses import now

IMPORT = f"{MANAGE}/import"


async def posted(client: Client, data: bytes, name: str = "city.ics", **form: str) -> Any:
    return await client.post(IMPORT, form=form, files={"file": FileStorage(BytesIO(data), filename=name)})


async def text(response: Any) -> str:
    return str(await response.get_data(as_text=True))


async def finished() -> None:
    await work.finish()


async def test_an_upload_leads_to_its_progress_and_its_result(client: Client):
    start = f":{now():%Y}1224T190000Z"
    answer = await posted(client, calendar(entry(start=start), entry(start=";;x", title="<b>Bad</b>", uid="b@test")))
    assert answer.status_code == 303
    await finished()
    page = await text(await client.get(answer.headers["Location"]))
    assert "1 event</td><td>new<" in page
    assert "&lt;b&gt;Bad&lt;/b&gt;" in page
    assert "Concert" in await text(await client.get(MANAGE))
    assert "Done" in await text(await client.get(IMPORT))


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "", "Choose an iCalendar file"),
        (b"", "empty.ics", "This file is empty"),
        (b"<html>", "page.html", "This is not a calendar"),
        (b"\xff\x00" * 9, "x.ics", "This is not a calendar"),
        (b"x" * (LARGEST - 2_000), "x.ics", "This is not a calendar"),
    ],
)
async def test_a_wrong_file_is_refused_beside_its_field(client: Client, db, data, name, reason):
    answer = await posted(client, data, name)
    page = await text(answer)
    assert answer.status_code == 422
    assert reason in page.split('id="file-error"')[1]
    assert await db.imports.count_documents({}) == 0


async def test_a_wrong_address_is_refused_beside_its_field_and_kept(client: Client):
    answer = await client.post(IMPORT, form={"address": "http://127.0.0.1/city.ics"})
    page = await text(answer)
    assert answer.status_code == 422
    assert "private network" in page.split('id="address-error"')[1]
    assert 'value="http://127.0.0.1/city.ics"' in page


async def test_a_body_beyond_the_limit_is_413(client: Client):
    assert (await posted(client, b"x" * (LARGEST + 1))).status_code == 413


async def test_an_unknown_import_is_404(client: Client):
    assert (await client.get(f"{IMPORT}/nothing")).status_code == 404


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({}, "Reading the calendar"),
        ({"state": "writing", "total": 1500, "written": 300}, 'max="1500" value="300"'),
        ({"state": "failed", "reason": "It is <not> well."}, "It is &lt;not&gt; well."),
        ({"state": "done"}, "Nothing to import"),
        ({"state": "done", "counts": Counts(same=1).model_dump()}, "Everything was up to date"),
        ({"state": "done", "counts": Counts(skipped=2).model_dump()}, "2 entries</td><td>skipped"),
    ],
)
async def test_every_state_of_an_import_is_drawn(client: Client, db, change, seen):
    one = await store.add((await house()).id, b"", origin="city.ics", by=ANA, now=now())
    if change:
        await db.imports.update_one({"_id": one.id}, {"$set": change})
    page = await text(await client.get(f"{IMPORT}/{one.id}"))
    assert seen in page
    assert live.import_progress(one.organiser_id, one.id).key in page
