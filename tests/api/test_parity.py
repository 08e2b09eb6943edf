"""Whatever a form does, a program can do, or docs/decisions.md says why not. A new form has to be said here."""

from quart import Quart

from webapp.access import handlers

OF, HOUSE, MINE = "/events/<slug>", "/organisers/<organiser_slug>", "/registrations/<token>"
TEAM = "/manage/<organiser_slug>/team"
DONE_BY = {
    f"{OF}/edit": f"PATCH {OF}",
    f"{OF}/delete": f"DELETE {OF}",
    f"{OF}/registrations": f"POST {OF}/holds",
    f"{OF}/registrations/new": f"POST {OF}/registrations",
    f"{OF}/registrations/audit": f"POST {OF}/recount",
    f"{OF}/registrations/<registration_id>": f"PATCH {OF}/registrations/<registration_id>",
    f"{OF}/registrations/<registration_id>/more": f"POST {OF}/registrations/<registration_id>/tickets",
    f"{OF}/registrations/<registration_id>/tickets/<ticket_id>/give-back": (
        f"POST {OF}/registrations/<registration_id>/cancel"
    ),
    f"{OF}/tickets": f"POST {OF}/ticket-types",
    f"{OF}/tickets/<type_id>": f"PATCH {OF}/ticket-types/<type_id>",
    f"{OF}/tickets/<type_id>/remove": f"DELETE {OF}/ticket-types/<type_id>",
    f"{OF}/pools/<pool_id>": f"PATCH {OF}/pools/<pool_id>",
    f"{OF}/form": f"PATCH {OF}/form",
    f"{OF}/questions/<question_id>": f"PATCH {OF}/questions/<question_id>",
    f"{OF}/questions/<question_id>/remove": f"DELETE {OF}/questions/<question_id>",
    f"{OF}/line/<type_id>/pause": f"POST {OF}/ticket-types/<type_id>/pause",
    f"{OF}/line/<type_id>/resume": f"POST {OF}/ticket-types/<type_id>/resume",
    f"{OF}/line/entries/<entry_id>/offer": f"POST {OF}/waiting-list/<entry_id>/offer",
    f"{OF}/line/entries/<entry_id>/remove": f"DELETE {OF}/waiting-list/<entry_id>",
    f"{OF}/door/lists": f"POST {OF}/check-in-lists",
    f"{OF}/door/lists/<list_id>": f"PATCH {OF}/check-in-lists/<list_id>",
    f"{OF}/door/lists/<list_id>/remove": f"DELETE {OF}/check-in-lists/<list_id>",
    f"{OF}/door/gates": f"POST {OF}/gates",
    f"{OF}/door/gates/<gate_id>": f"PATCH {OF}/gates/<gate_id>",
    f"{OF}/door/gates/<gate_id>/remove": f"DELETE {OF}/gates/<gate_id>",
    f"{OF}/door/limit": f"PATCH {OF}/door",
    f"{OF}/door/links": f"POST {OF}/door-links",
    f"{OF}/door/links/<link_id>/revoke": f"DELETE {OF}/door-links/<link_id>",
    f"{OF}/door/my-phone": f"POST {OF}/door-links",
    f"{OF}/door/clashes/<clash_id>/seen": f"POST {OF}/clashes/<clash_id>/seen",
    "/invitation": "POST /invitations/accept",
    "/manage/<organiser_slug>/settings": f"PATCH {HOUSE}",
    "/manage/<organiser_slug>/delete": f"DELETE {HOUSE}",
    "/manage/<organiser_slug>/import": f"POST {HOUSE}/imports",
    "/manage/<organiser_slug>/import/<import_id>/go-on": f"POST {HOUSE}/imports/<import_id>/go-on",
    "/manage/<organiser_slug>/import/<import_id>/drop": f"POST {HOUSE}/imports/<import_id>/drop",
    "/manage/<organiser_slug>/personal-data": f"PATCH {HOUSE}/personal-data",
    f"{TEAM}/<person_id>/role": f"PATCH {HOUSE}/members/<person_id>",
    f"{TEAM}/<person_id>/remove": f"DELETE {HOUSE}/members/<person_id>",
    f"{TEAM}/invitations/<invitation_id>/take-back": f"DELETE {HOUSE}/invitations/<invitation_id>",
    "/manage/<organiser_slug>/webhooks/<webhook_id>": f"PATCH {HOUSE}/webhooks/<webhook_id>",
    "/manage/<organiser_slug>/webhooks/<webhook_id>/delete": f"DELETE {HOUSE}/webhooks/<webhook_id>",
    "/door/scan": f"POST {OF}/check-ins",
    "/door/undo": f"POST {OF}/check-ins/<check_in_id>/annul",
    "/door/upload": f"POST {OF}/check-ins/bulk",
    "/door/walk-in": f"POST {OF}/walk-ins",
    f"{MINE}/change": f"PATCH {MINE}",
    f"{MINE}/more": f"POST {MINE}/tickets",
    f"{MINE}/accept": "POST /waiting-list-entries/<token>/accept",
    f"{MINE}/leave": "POST /waiting-list-entries/<token>/leave",
    f"{MINE}/tell": "PATCH /waiting-list-entries/<token>",
}
# Of a person and not of their programs, of the installation, or of a phone alone: docs/decisions.md says why.
LEFT_OUT = ("/admin/", "/me/", "/demo/", "/sign-", "/new-", "/forgotten-password", "/join")
LEFT_OUT += ("/door/<token>", "/door/leave", "/door/pack", "/door/place")
LEFT_OUT += ("/manage/<organiser_slug>/tokens",)


def counterpart(form: str) -> str:
    """What does the same: said above, or at the same address below /api/v1."""
    return DONE_BY.get(form, f"POST {form.replace('/manage/', '/organisers/', 1)}")


def test_every_form_has_a_counterpart_for_programs(app: Quart) -> None:
    routes = {(path, methods) for path, methods, _ in handlers(app) if methods != "GET"}
    operations = {f"{methods} {path.removeprefix('/api/v1')}" for path, methods in routes if path.startswith("/api/")}
    forms = {path for path, _ in routes if not path.startswith("/api/") and not path.startswith(LEFT_OUT)}
    assert {form: counterpart(form) for form in forms if counterpart(form) not in operations} == {}
    assert {form for form in DONE_BY if form not in forms} == set()
