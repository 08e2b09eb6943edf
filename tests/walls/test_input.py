"""What is typed or asked for stays text: no operator for the database, no header, no way to another site."""

from urllib.parse import quote, urlsplit

import pytest
from quart.typing import TestClientProtocol as Client

from tests.events.making import kept, shown, typed
from tests.team import MANAGE
from webapp.database import Database
from webapp.events.event import Details
from webapp.events.search import Search

OPERATORS = ['{"$gt": ""}', '{"$ne": null}', "[$ne]=1", '{"$where": "sleep(5000)"}', "$where", "';return true;'"]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("field", ["version", *Details.model_fields])
async def test_an_operator_in_a_field_is_text_or_refused(
    client: Client, db: Database, field: str, operator: str
) -> None:
    answer = await client.post(f"{MANAGE}/events", form=typed(**{field: operator}))
    assert answer.status_code in {303, 422}
    async for event in db.events.find():
        assert "$" not in "".join(event), "a key of the database's own"
        assert not any(
            isinstance(value, dict) and any(str(k).startswith("$") for k in value) for value in event.values()
        )


@pytest.mark.parametrize("field", list(Details.model_fields))
async def test_a_field_with_an_operator_in_its_name_is_no_field(client: Client, field: str) -> None:
    given = typed()
    given.pop(field, None)
    answer = await client.post(f"{MANAGE}/events", form={**given, f"{field}[$gt]": "", f"{field}.$gt": "x"})
    needed = field in {"title", "starts", "ends", "zone"}
    assert answer.status_code in ({422} if needed else {303, 422})


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("argument", [*Search.model_fields, "month"])
async def test_an_operator_in_a_search_finds_nothing_more(client: Client, argument: str, operator: str) -> None:
    event = await kept(title="A draft that nobody may find")
    for query in (f"{argument}={quote(operator)}", f"{argument}[$ne]=x", f"{argument}[%24regex]=.*"):
        for path in ("/", "/calendar", MANAGE):
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code == 200
            if path != MANAGE:
                assert event.title not in str(await answer.get_data(as_text=True))


@pytest.mark.parametrize("operator", OPERATORS)
async def test_an_operator_as_an_id_finds_nothing(client: Client, operator: str) -> None:
    await shown()
    name = quote(operator, safe="")
    for path in (f"/events/{name}", f"{MANAGE}/import/{name}", f"/events/{name}/edit", f"/events/x?slug[$ne]={name}"):
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("operator", OPERATORS)
async def test_an_operator_in_an_import_fetches_nothing(client: Client, db: Database, operator: str) -> None:
    for form in ({"address": operator}, {"address[$gt]": ""}):
        assert (await client.post(f"{MANAGE}/import", form=form)).status_code == 422
    assert await db.imports.count_documents({}) == 0


BREAK = "x\r\nSet-Cookie: owned=1\r\n\r\n<script>"


@pytest.mark.parametrize(
    "path", ["/?text={}", MANAGE + "?text={}", "/events/{}", "/calendar?month={}", "/{}", "/static/{}"]
)
@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
async def test_a_line_break_never_begins_a_header(client: Client, path: str, htmx: dict[str, str]) -> None:
    answer = await client.get(path.format(quote(BREAK, safe="")), headers=htmx)
    assert answer.status_code in {200, 404}
    assert "Set-Cookie" not in answer.headers
    assert not any("\n" in value or "\r" in value for value in answer.headers.values())


async def test_a_line_break_in_a_title_never_begins_a_header(client: Client) -> None:
    answer = await client.post(f"{MANAGE}/events", form=typed(title=BREAK))
    assert answer.status_code in {303, 422}
    assert "owned" not in answer.headers.get("Set-Cookie", "")


@pytest.mark.parametrize(
    "path",
    [
        *("//evil.example", "//evil.example/%2e%2e", "/%5cevil.example", "/\\evil.example", "///evil.example/events"),
        *("/events/", "/events//evil.example", "/?next=//evil.example", "/http://evil.example", "/calendar/"),
    ],
)
async def test_no_address_of_ours_leads_elsewhere(client: Client, path: str) -> None:
    answer = await client.get(path)
    target = urlsplit(answer.headers.get("Location", ""))
    assert target.netloc in {"", "localhost"}
    assert not target.path.startswith(("//", "/\\"))


@pytest.mark.parametrize("title", ["//evil.example", "https://evil.example", "\\\\evil.example", "../../evil"])
async def test_no_title_makes_a_redirect_elsewhere(client: Client, title: str) -> None:
    answer = await client.post(f"{MANAGE}/events", form=typed(title=title))
    assert answer.headers["Location"].startswith("/events/")
    assert "//" not in answer.headers["Location"]
