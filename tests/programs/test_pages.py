"""Tokens in the browser: made, shown once, listed, revoked."""

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.programs.conftest import Make, Program
from tests.team import browser, founded, house, joined, somebody
from webapp.database import Database
from webapp.organisers.organiser import Role
from webapp.people.person import Account
from webapp.programs import store
from webapp.programs.token import MOST

MINE, THEIRS = "/me/tokens", "/manage/the-house/tokens"
WISH = {"name": "Scanner", "read": "true", "checkin": "true", "days": "30"}


async def page(client: Client, path: str, form: dict[str, str] | None = None, status: int = 200, **headers: str) -> str:
    more: dict[str, Any] = {} if form is None else {"form": form}
    answer = await client.open(path, method="GET" if form is None else "POST", headers=headers, **more)
    assert answer.status_code == status, await answer.get_data(as_text=True)
    return html.unescape(str(await answer.get_data(as_text=True)))


def token_in(text: str) -> str:
    found = re.findall(r"to_[0-9A-Za-z]{49}", text)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize("path", [MINE, THEIRS])
async def test_a_token_is_shown_once_and_then_only_named(client: Client, program: Program, path: str) -> None:
    shown = await page(client, path, WISH | {"role": "editor"})
    program.token = token_in(shown)
    assert await program.is_in()
    listed = await page(client, path)
    assert program.token not in listed
    assert "Scanner" in listed
    assert program.token[-4:] in listed


async def test_its_maker_is_told_by_mail(client: Client, db: Database) -> None:
    await page(client, MINE, WISH)
    mail = await db.mails.find_one({"letter.subject": "A new token for a program"})
    assert mail["to"] == "olive@example.org"
    assert "Scanner" not in str(mail)


@pytest.mark.parametrize("path", [MINE, THEIRS])
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"read": "", "checkin": ""}, "read"),
        ({"days": "9999"}, "days"),
        ({"admin": "on"}, "read"),
    ],
)
async def test_what_does_not_fit_is_named_and_what_was_typed_stays(
    client: Client, db: Database, path: str, changed: dict[str, str], field: str
) -> None:
    typed = {name: value for name, value in (WISH | {"role": "editor"} | changed).items() if value}
    shown = await page(client, path, typed, 422)
    assert f'id="{field}-error"' in shown
    assert f'href="#{field}"' in shown
    assert "name" in changed or 'value="Scanner"' in shown
    assert await db.api_tokens.count_documents({}) == 0


async def test_nobody_hands_out_a_role_above_their_own(app: Quart, client: Client, db: Database) -> None:
    manager = await browser(app, await joined(await house(), await somebody("mia"), Role.MANAGER))
    assert 'value="owner"' not in await page(manager, f"{THEIRS}/new")
    assert 'id="role-error"' in await page(manager, THEIRS, WISH | {"role": "owner"}, 422)
    await page(client, THEIRS, WISH | {"role": "owner"})


async def test_making_a_token_takes_a_fresh_sign_in_and_revoking_one_does_not(
    client: Client, db: Database, token_of: Make
) -> None:
    await token_of(await somebody("olive"))
    await db.sessions.update_many({}, {"$unset": {"confirmed_at": ""}})
    for path in (MINE, THEIRS):
        for answer in (await client.get(f"{path}/new"), await client.post(path, form=WISH | {"role": "editor"})):
            assert (answer.status_code, answer.headers["Location"][:11]) == (303, "/me/confirm")
    (token,) = await store.of((await somebody("olive")).id)
    await page(client, f"{MINE}/{token.id}/revoke", {}, 303)
    assert await db.api_tokens.count_documents({}) == 0


async def test_a_revoked_token_leaves_the_list_where_it_stands(client: Client, token_of: Make) -> None:
    await token_of(await somebody("olive"))
    (token,) = await store.of((await somebody("olive")).id)
    shown = await page(client, f"{MINE}/{token.id}/revoke", {}, **{"HX-Request": "true"})
    assert "The token is revoked." in shown
    assert "Scanner" not in shown
    await page(client, f"{MINE}/{token.id}/revoke", {}, 404)


async def test_nobody_revokes_what_is_anothers(
    client: Client, db: Database, ana: Account, token_of: Make, organisers_token: Make
) -> None:
    await token_of(ana)
    await organisers_token(await somebody("olive"), Role.EDITOR)
    nell = await somebody("nell")
    await founded("Next Door", by=nell)
    hers, theirs = (await store.of(ana.id))[0], (await store.of_organiser((await house()).id))[0]
    for path in (f"{MINE}/{hers.id}", f"{MINE}/{theirs.id}", f"{THEIRS}/{hers.id}"):
        await page(client, f"{path}/revoke", {}, 404)
    assert await db.api_tokens.count_documents({}) == 2


async def test_there_are_so_many_at_most(client: Client, ana: Account, db: Database, token_of: Make) -> None:
    await db.api_tokens.insert_many(
        {
            "_id": str(number),
            "key": str(number),
            "person_id": ana.id,
            "organiser_id": "",
            "expires_at": datetime.now(UTC),
        }
        for number in range(MOST)
    )
    with pytest.raises(store.Conflict, match="50 tokens"):
        await token_of(ana)


async def test_pages_with_tokens_are_kept_nowhere(client: Client) -> None:
    for path, form in ((MINE, None), (f"{MINE}/new", None), (MINE, WISH), (THEIRS, None)):
        answer = await client.open(path, method="POST" if form else "GET", **({"form": form} if form else {}))
        assert answer.headers["Cache-Control"] == "no-store"
