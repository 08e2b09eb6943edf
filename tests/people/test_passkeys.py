"""What people do with passkeys."""

import json

import pytest
from quart import Quart

from tests.people.authenticator import Authenticator
from tests.people.conftest import PASSWORD, Somebody
from tests.people.test_accounts import two_steps
from webapp.database import Database
from webapp.people import ceremony
from webapp.people.passkeys import Site


async def test_a_passkey_is_added_and_signs_in(ana: Somebody) -> None:
    device = Authenticator()
    assert await ana.adds(device, "Ana's phone") == "/me"
    assert "Ana&#39;s phone" in await ana.sees("/me")
    assert (await ana.post.to(ana.email))[-1] == "A passkey was added"
    await ana.send("/sign-out")
    assert await ana.shows(device) == "/"
    assert "last used" in await ana.sees("/me")


async def test_a_passkey_signs_in_where_nobody_signed_in_before_and_leads_back(
    ana: Somebody, stranger: Somebody
) -> None:
    device = Authenticator(count=None)
    await ana.adds(device)
    for _ in range(2):
        shown = device.show(await stranger.asks("/sign-in/passkey"))
        given = {"credential": shown, "next": "/me/password"}
        assert await stranger.send("/sign-in/passkey", **given) == "/me/password"
        await stranger.send("/sign-out")


async def test_a_passkey_takes_no_second_step(ana: Somebody) -> None:
    device = Authenticator()
    await ana.adds(device)
    await two_steps(ana)
    await ana.send("/sign-out")
    await ana.shows(device)
    assert await ana.is_signed_in()


async def test_a_removed_passkey_signs_in_no_more(ana: Somebody, db: Database) -> None:
    device = Authenticator()
    await ana.adds(device)
    (kept,) = await db.passkeys.find().to_list(None)
    await ana.send(f"/me/passkeys/{kept['_id']}/remove")
    assert (await ana.post.to(ana.email))[-1] == "A passkey was removed"
    await ana.send("/sign-out")
    assert "does not open anything" in await ana.shows(device, 422)
    await ana.send(f"/me/passkeys/{kept['_id']}/remove")
    await ana.signs_in()


async def test_a_removed_passkey_takes_the_sessions_it_began_along(
    ana: Somebody, stranger: Somebody, db: Database
) -> None:
    device = Authenticator()
    await ana.adds(device)
    await stranger.shows(device)
    assert await stranger.is_signed_in()
    (kept,) = await db.passkeys.find().to_list(None)
    await ana.send(f"/me/passkeys/{kept['_id']}/remove")
    assert not await stranger.is_signed_in()
    assert await ana.is_signed_in()


async def test_whoever_removes_the_passkey_they_came_with_stays(ana: Somebody, db: Database) -> None:
    device = Authenticator()
    await ana.adds(device)
    await ana.send("/sign-out")
    await ana.shows(device)
    (kept,) = await db.passkeys.find().to_list(None)
    await ana.send(f"/me/passkeys/{kept['_id']}/remove")
    assert await ana.is_signed_in()


async def test_a_passkey_gets_another_name(ana: Somebody, db: Database) -> None:
    await ana.adds(Authenticator())
    path = f"/me/passkeys/{(await db.passkeys.find_one())['_id']}"
    assert 'value="Phone"' in await ana.sees(path)
    assert "Please fill this in." in await ana.send(path, 422, name=" ")
    await ana.send(path, name="Key on my ring")
    assert "Key on my ring" in await ana.sees("/me")


async def test_a_passkey_confirms_who_one_is(ana: Somebody) -> None:
    device = Authenticator()
    await ana.adds(device)
    await ana.waits()
    assert "/me/confirm/passkey" in await ana.sees("/me/confirm")
    shown = device.show(await ana.asks("/me/confirm/passkey"))
    assert await ana.send("/me/confirm/passkey", credential=shown, next="/me/delete") == "/me/delete"
    await ana.sees("/me/delete")


async def test_passkeys_are_taken_along_and_deleted_with_the_account(ana: Somebody, db: Database) -> None:
    device = Authenticator()
    await ana.adds(device)
    taken = json.loads(await ana.sees("/me/data.json"))["passkeys"]
    assert [set(one) for one in taken] == [{"name", "created_at", "used_at"}]
    assert taken[0]["name"] == "Phone"
    await ana.send("/me/delete")
    assert await db.passkeys.count_documents({}) == 0
    await ana.shows(device, 422)


async def test_a_device_is_told_which_passkeys_there_are(ana: Somebody) -> None:
    device = Authenticator()
    await ana.adds(device)
    offer = await ana.asks("/me/passkeys/offer")
    assert len(offer["excludeCredentials"]) == 1
    assert offer["authenticatorSelection"]["userVerification"] == "required"
    assert ana.email not in json.dumps(await ana.asks("/sign-in/passkey"))


async def test_by_number_there_are_no_passkeys_and_passwords_work(ana: Somebody) -> None:
    headers = {"Host": "127.0.0.1:8000"}
    there = await ana.client.get("/sign-in/passkey", headers=headers)
    assert there.status_code == 404
    page = await ana.client.get("/me/passkeys/new", headers=headers)
    assert 'href="http://localhost:8000/me/passkeys/new"' in await page.get_data(as_text=True)
    await ana.send("/sign-out")
    page = await ana.client.get("/sign-in", headers=headers)
    assert "data-passkey" not in await page.get_data(as_text=True)
    assert "data-passkey" in await ana.sees("/sign-in")
    await ana.signs_in(password=PASSWORD)


@pytest.mark.parametrize("public_url", ["https://events.example.org", "https://Events.example.org:443/"])
async def test_behind_https_passkeys_are_for_the_public_name(
    app: Quart, monkeypatch: pytest.MonkeyPatch, public_url: str
) -> None:
    given = app.extensions["settings"].model_copy(update={"public_url": public_url})
    monkeypatch.setitem(app.extensions, "settings", given)
    async with app.test_request_context("/sign-in", headers={"Host": "10.0.0.7:8000"}):
        assert ceremony.site() == Site("https://events.example.org", "events.example.org")
