"""Organisers and teams in browsers without JavaScript."""

import re

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from tests.events.making import kept, shown
from tests.organisers.world import ADMIN
from tests.people.conftest import PASSWORD, Somebody, post, stranger  # noqa: F401 - fixtures
from tests.team import MANAGE, browser, founded, house, joined, somebody
from webapp.database import Database
from webapp.organisers import invitations, store
from webapp.organisers.organiser import Role
from webapp.people import sessions

HTMX = {"HX-Request": "true"}
INVITATIONS = f"{MANAGE}/invitations"


async def seen(client: Client, path: str, status: int = 200) -> str:
    response = await client.get(path)
    assert response.status_code == status, path
    return response.headers.get("Location") or str(await response.get_data(as_text=True))


async def sent(client: Client, path: str, status: int = 303, **typed: str) -> str:
    response = await client.post(path, form=typed)
    assert response.status_code == status, await response.get_data(as_text=True)
    return response.headers.get("Location") or str(await response.get_data(as_text=True))


async def test_whoever_has_one_organiser_is_led_to_it(client: Client) -> None:
    found = [await seen(client, path, 303) for path in ("/manage", "/events/new", "/import")]
    assert found == [MANAGE, f"{MANAGE}/events/new", f"{MANAGE}/import"]


async def test_whoever_has_several_chooses(client: Client) -> None:
    await founded("Next Door", by=await somebody("olive"))
    assert await seen(client, "/manage", 303) == "/me/organisers"
    page = await seen(client, "/events/new")
    assert f'href="{MANAGE}/events/new"' in page
    assert 'href="/manage/next-door/events/new"' in page


async def test_whoever_has_none_founds_one(app: Quart, db: Database) -> None:
    ben = await browser(app, await somebody("ben"))
    assert await seen(ben, "/events/new", 303) == "/me/organisers"
    assert "You are in no team yet" in await seen(ben, "/me/organisers")
    assert await sent(ben, "/organisers", name="  Night   Walkers ") == "/manage/night-walkers"
    assert "Night Walkers" in await seen(ben, "/me/organisers")
    assert "No events yet" in await seen(ben, "/manage/night-walkers")


@pytest.mark.parametrize("name", ["", "x" * 81, "bell \x07"])
async def test_a_name_that_is_none_is_refused_beside_its_field(client: Client, db: Database, name: str) -> None:
    before = await db.organisers.count_documents({})
    page = await sent(client, "/organisers", 422, name=name)
    assert 'id="name-error"' in page
    assert await db.organisers.count_documents({}) == before


async def test_where_only_admins_may_found_others_are_told_so(
    app: Quart, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = app.extensions["settings"].model_copy(update={"organisers": "admins", "admins": ADMIN})
    monkeypatch.setitem(app.extensions, "settings", given)
    ben, ada = [await browser(app, await somebody(name)) for name in ("ben", "ada")]
    assert "ask them for one" in await sent(ben, "/organisers", 403, name="Walkers")
    assert "/organisers/new" not in await seen(ben, "/me/organisers")
    assert await sent(ada, "/organisers", name="Walkers") == "/manage/walkers"


async def test_the_public_page_has_what_is_public(client: Client, visitor: Client) -> None:
    await shown(title="Night Walk")
    await kept(title="Secret Plan")
    await sent(client, f"{MANAGE}/settings", name="The Big House", about="We walk <at night>.")
    page = await seen(visitor, "/organisers/the-house")
    assert "The Big House" in page
    assert "We walk &lt;at night&gt;." in page
    assert "Night Walk" in page
    assert "Secret Plan" not in page
    assert f'href="{MANAGE}"' not in page


async def test_an_event_is_shown_under_its_organisers_name_of_now(client: Client, visitor: Client) -> None:
    event, other = await shown(), await shown(organiser_name="The cellar club")
    await sent(client, f"{MANAGE}/settings", name="The Big House", about="")
    assert "The Big House" in await seen(visitor, event.path)
    page = await seen(visitor, other.path)
    assert "The cellar club" in page
    assert 'href="/organisers/the-house"' in page


async def test_a_form_with_mistakes_keeps_what_was_typed(client: Client) -> None:
    page = await sent(client, f"{MANAGE}/settings", 422, name="", about="We walk at night.")
    assert 'id="name-error"' in page
    assert "We walk at night." in page
    page = await sent(client, INVITATIONS, 422, role="king", email="nobody")
    assert "Choose one of these." in page
    assert 'value="nobody"' in page
    assert 'id="email-error"' in page


async def link_of(client: Client, **typed: str) -> str:
    """The path and query of the link of a new invitation."""
    page = await seen(client, await sent(client, INVITATIONS, **typed))
    found = re.search(r"http://\S+?(/invitation\?token=[^<\s]+)", page)
    assert found
    return found[1]


async def test_a_link_leads_into_the_team(app: Quart, client: Client) -> None:
    link = await link_of(client, role="editor")
    ben = await browser(app, await somebody("ben"))
    page = await seen(ben, link)
    assert "The House invites you into the team" in page
    assert "You would be an editor." in page
    assert await sent(ben, "/invitation", token=link.partition("=")[2]) == MANAGE
    assert "No events yet" in await seen(ben, MANAGE)
    await seen(await browser(app, await somebody("cleo")), link, 404)


async def test_an_invitation_is_kept_in_mind_while_one_signs_in(visitor: Client, client: Client) -> None:
    link = await link_of(client, role="door")
    page = await seen(visitor, link)
    assert "Sign in to accept" in page
    assert f'href="/sign-in?next={link.replace("?", "%3F").replace("=", "%3D")}"' in page
    assert (await sent(visitor, "/invitation", token=link.partition("=")[2])).startswith("/sign-in")


async def test_an_invitation_is_kept_in_mind_while_one_opens_an_account(
    client: Client,
    stranger: Somebody,  # noqa: F811
) -> None:
    link = await link_of(client, role="editor")
    page = await seen(stranger.client, link)
    way = re.search(r'href="(/sign-up\?next=[^"]+)"', page)
    assert way
    assert f'name="next" value="{link}"' in await seen(stranger.client, way[1])
    assert 'name="next"' in await sent(stranger.client, "/sign-up", 422, email="nobody", next=link)
    await sent(stranger.client, "/sign-up", 200, email=stranger.email, next=link)
    assert await stranger.follows("/join", name="Ben", new_password=PASSWORD) == link
    assert await sent(stranger.client, "/invitation", token=link.partition("=")[2]) == MANAGE


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_opening_an_account_never_leads_away(stranger: Somebody, path: str) -> None:  # noqa: F811
    await sent(stranger.client, "/sign-up", 200, email=stranger.email, next=path)
    assert await stranger.follows("/join", name="Ben", new_password=PASSWORD) == "/"


async def test_a_mailed_invitation_comes_to_its_address(client: Client, stranger: Somebody) -> None:  # noqa: F811
    await sent(client, INVITATIONS, role="manager", email=stranger.email)
    assert await stranger.post.to(stranger.email) == ["You are invited into a team"]
    link = await stranger.post.link(stranger.email)
    assert link.startswith("/invitation?token=")
    assert "You would be a manager." in await seen(stranger.client, link)


async def test_an_invitation_is_nobodys_to_guess_or_to_use_elsewhere(client: Client, visitor: Client) -> None:
    link, ours = await link_of(client, role="door"), await house()
    (one,) = await invitations.open_ones(ours.id)
    await seen(visitor, f"/invitation?token={one.id}", 404)
    await seen(visitor, link.replace("/invitation", "/join"), 404)
    await seen(visitor, "/invitation", 404)
    assert one.id not in await seen(client, f"{MANAGE}/settings")


async def test_an_invitation_can_be_taken_back(client: Client) -> None:
    link = await link_of(client, role="door")
    (one,) = await invitations.open_ones((await house()).id)
    answer = await client.post(f"{MANAGE}/team/invitations/{one.id}/take-back", headers=HTMX)
    assert "That invitation is taken back." in str(await answer.get_data(as_text=True))
    await seen(client, link, 404)


async def test_a_manager_is_offered_what_a_manager_may_give(app: Quart, client: Client) -> None:
    mia = await joined(await house(), await somebody("mia"), Role.MANAGER)
    page = await seen(await browser(app, mia), f"{MANAGE}/team")
    assert re.findall(r'name="role" value="(\w+)"', page) == ["door", "editor", "manager"]
    assert f"{MANAGE}/team/{mia.id}" in page
    olive = await somebody("olive")
    assert f"{MANAGE}/team/{olive.id}" not in page
    await seen(await browser(app, mia), f"{MANAGE}/team/{olive.id}", 403)


async def test_an_editor_sees_the_team_and_decides_nothing(app: Quart, client: Client) -> None:
    ben = await browser(app, await joined(await house(), await somebody("ben"), Role.EDITOR))
    await link_of(client, role="door", email="secret-guest@example.org")
    page = await seen(ben, f"{MANAGE}/team")
    assert "Olive" in page
    assert "Invite somebody" not in page
    assert "secret-guest" not in page


async def test_a_new_role_counts_at_the_next_press(app: Quart, client: Client) -> None:
    ben = await joined(await house(), await somebody("ben"), Role.DOOR)
    his = await browser(app, ben)
    await seen(his, MANAGE, 403)
    await sent(client, f"{MANAGE}/team/{ben.id}/role", role="editor")
    await seen(his, MANAGE)
    await sent(client, f"{MANAGE}/team/{ben.id}/remove")
    await seen(his, MANAGE, 404)


async def test_the_last_owner_is_told_what_to_do(client: Client) -> None:
    assert "Make somebody else an owner first" in await sent(client, f"{MANAGE}/leave", 409)
    olive = await somebody("olive")
    assert "Make somebody else an owner first" in await sent(
        client, f"{MANAGE}/team/{olive.id}/role", 409, role="editor"
    )


async def test_a_team_is_left_and_an_organiser_ends(app: Quart, client: Client) -> None:
    ben = await joined(await house(), await somebody("ben"), Role.OWNER)
    assert await sent(client, f"{MANAGE}/leave") == "/me/organisers"
    await seen(client, MANAGE, 404)
    event = await shown()
    his = await browser(app, ben)
    assert "published events to come" in await sent(his, f"{MANAGE}/delete", 409)
    await sent(his, f"{event.path}/delete")
    assert await sent(his, f"{MANAGE}/delete") == "/me/organisers"
    await seen(his, MANAGE, 404)
    await seen(his, "/organisers/the-house", 404)


async def test_a_visitor_costs_no_look_at_who_they_are(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    event = await shown()

    async def asked(*_: object, **__: object) -> None:
        raise AssertionError("The database was asked who this is")

    for store_of, name in ((sessions, "find"), (store, "among"), (store, "memberships")):
        monkeypatch.setattr(store_of, name, asked)
    for path in ("/", event.path, "/calendar", "/organisers/the-house"):
        await seen(visitor, path)
