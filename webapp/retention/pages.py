"""Personal data of past events in the browser: for how long it is kept, and having it destroyed now."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from quart import Blueprint, Response, request

from webapp import meanwhile
from webapp.access import actor, allowed, owner
from webapp.errors import Conflict
from webapp.events import store as events
from webapp.events.event import Event
from webapp.meanwhile import Meanwhile
from webapp.organisers import store as organisers
from webapp.organisers.organiser import Organiser
from webapp.people.confirming import confirmed
from webapp.responses import FormErrors, form, now, page, redirect
from webapp.retention import live, policy, rounds, store
from webapp.retention.policy import Keeping

pages = Blueprint("retention", __name__)
Shown = dict[str, Any]

LABELS = {"keeping": "How long", "personal_days": "Days", "is_sure": "Your word"}
HOW_MANY = "Say after how many days, such as 90."
NOTHING_YET = "Nothing was destroyed yet."
SURE = "Tick this to say that you need none of it any more."


class Sure(BaseModel):
    """That somebody means it."""

    model_config = ConfigDict(extra="ignore")

    is_sure: bool = False


@pages.get("/manage/<organiser_slug>/personal-data")
@allowed(owner)
async def show(organiser_slug: str) -> Response:
    """For how long it is kept, and the past events."""
    organiser = await organisers.by_slug(organiser_slug)
    return await _show(organiser, _form(meanwhile.opening(_typed_of(await policy.keeping_of(organiser.id)))))


@pages.post("/manage/<organiser_slug>/personal-data")
@allowed(owner)
async def keep(organiser_slug: str) -> Response:
    """Keeps it for another time; that counts at once, also for what is over."""
    organiser = await organisers.by_slug(organiser_slug)

    async def write(seen: Keeping) -> None:
        await policy.choose(organiser, keeping, seen=seen, by=actor(), now=now())

    try:
        keeping = await _keeping()
        await meanwhile.save(await request.form, lambda: policy.keeping_of(organiser.id), _typed_of, write)
    except (FormErrors, Meanwhile) as wrong:
        return await _show(organiser, _form(wrong.values, wrong.fields), status=wrong.status)
    await rounds.hurry()
    return await redirect(f"{organiser.manage_path}/personal-data", "Saved. It counts for past events too.")


@pages.get("/events/<slug>/shred")
@allowed(owner)
@confirmed("/events/{slug}/shred")
async def ask(slug: str) -> Response:
    """Says what would go, offers it as a file, and asks once more."""
    return await _ask(await events.by_slug(slug), _form({}))


@pages.post("/events/<slug>/shred")
@allowed(owner)
@confirmed("/events/{slug}/shred")
async def shred(slug: str) -> Response:
    """Begins to destroy it."""
    event = await events.by_slug(slug)
    organiser = await organisers.get(event.organiser_id)
    try:
        await _check_is_sure()
        await store.shred(event, by=actor(), now=now())
    except FormErrors as wrong:
        return await _ask(event, _form(wrong.values, wrong.fields), status=422)
    except Conflict as early:
        return await _ask(event, _form({}, {"": str(early)}), status=Conflict.status)
    told = f"The personal data of “{event.title}” is being destroyed."
    return await redirect(f"{organiser.manage_path}/personal-data", told)


def _typed_of(keeping: Keeping) -> Shown:
    return {"keeping": keeping.keeping, "personal_days": str(keeping.personal_days or "")}


async def _check_is_sure() -> None:
    if not (await form(Sure)).is_sure:
        raise FormErrors({}, {"": NOTHING_YET, "is_sure": SURE})


async def _keeping() -> Keeping:
    keeping = await form(Keeping)
    if keeping.keeping == "days" and keeping.personal_days is None:
        raise FormErrors(keeping.model_dump() | {"personal_days": ""}, {"personal_days": HOW_MANY})
    return keeping


def _form(values: Any, errors: dict[str, str] | None = None) -> Shown:
    first = next((name for name in errors or {} if name), None)
    return {"values": dict(values), "errors": errors or {}, "first_error": first, "labels": LABELS}


async def _show(organiser: Organiser, shown: Shown, status: int = 200) -> Response:
    region, by_default = live.past_events(organiser.id), policy.of_installation()
    return await page(
        "retention/personal_data.html", region, organiser=organiser, form=shown, by_default=by_default, status=status
    )


async def _ask(event: Event, shown: Shown, status: int = 200) -> Response:
    organiser, count = await organisers.get(event.organiser_id), await store.known_by(event)
    is_over = event.ends_at <= now()
    return await page(
        "retention/shred.html",
        organiser=organiser,
        event=event,
        count=count,
        is_over=is_over,
        form=shown,
        status=status,
    )
