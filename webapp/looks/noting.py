"""Notes that somebody looks at the page that is asked for."""

from quart import current_app, request

from webapp.access import who
from webapp.events.event import Event
from webapp.looks.counting import Looks
from webapp.looks.look import is_somebodys, spot
from webapp.organisers.organiser import Role
from webapp.responses import now
from webapp.walls.proxy import counted


def note(event: Event) -> None:
    """Counts whoever is behind the current request among those who look at an event, unless they are of its team."""
    agent = request.headers.get("User-Agent", "")
    is_ours = request.method != "GET" or who().may(event.organiser_id, Role.DOOR)
    if is_ours or not is_somebodys(agent, request.headers.get("Sec-Purpose", "")):
        return
    looks: Looks = current_app.extensions["looks"]
    looks.note(spot(event.id, event.organiser_id, now()), f"{counted(request.remote_addr or '')} {agent}")
