"""Every feature, in one list each: its pages, its regions, the work that comes due, and who is told of what.

A new feature is named here, and nowhere else outside its own folder.
"""

from webapp import assets, due
from webapp.admin import live as admin_regions
from webapp.admin import pages as admin
from webapp.api import pages as api_pages
from webapp.api import resources
from webapp.audit import live as audit_regions
from webapp.audit import pages as audit
from webapp.changes import api as changes
from webapp.dashboard import live as dashboard_regions
from webapp.dashboard import pages as dashboard
from webapp.demo import pages as demo
from webapp.door import gate_pages, link_pages, list_pages, offline_pages, personal, scanning, walk_in_pages
from webapp.door import live as door_regions
from webapp.door import pages as door
from webapp.due import When
from webapp.events import live as event_regions
from webapp.events import pages as events
from webapp.events import store as event_store
from webapp.events import telling
from webapp.feeds import pages as feeds
from webapp.help import pages as guide_pages
from webapp.imports import live as import_regions
from webapp.imports import pages as imports
from webapp.mail import pages as outbox
from webapp.mail import sending
from webapp.mail import store as mail_store
from webapp.messages import live as message_regions
from webapp.messages import pages as messages
from webapp.messages import posting
from webapp.messages import store as message_store
from webapp.observing import health
from webapp.organisers import live as organiser_regions
from webapp.organisers import pages as organisers
from webapp.organisers import store as organiser_store
from webapp.organisers import teamwork
from webapp.people import live as people_regions
from webapp.people import pages as people
from webapp.programs import api as program_api
from webapp.programs import live as program_regions
from webapp.programs import organiser_pages as organiser_tokens
from webapp.programs import pages as tokens
from webapp.registrations import ending, line_pages, more, more_by_team, one_pages, organising, parting
from webapp.registrations import live as registration_regions
from webapp.registrations import pages as registrations
from webapp.retention import live as retention_regions
from webapp.retention import pages as retention_pages
from webapp.retention import rounds
from webapp.retention import store as erasures
from webapp.ticket_types import pages as ticket_types
from webapp.ticket_types import question_pages
from webapp.ticket_types import store as ticket_type_store
from webapp.tickets import enclosing
from webapp.tickets import live as ticket_regions
from webapp.tickets import pages as tickets
from webapp.webhooks import live as webhook_regions
from webapp.webhooks import pages as webhook_pages

BLUEPRINTS = (
    assets.pages,
    health.pages,
    guide_pages,
    events.pages,
    door.pages,
    list_pages.pages,
    gate_pages.pages,
    link_pages.pages,
    scanning.pages,
    walk_in_pages.pages,
    offline_pages.pages,
    tickets.pages,
    imports.pages,
    registrations.pages,
    more.pages,
    organising.pages,
    one_pages.pages,
    more_by_team.pages,
    line_pages.pages,
    dashboard.pages,
    messages.pages,
    feeds.pages,
    feeds.mine,
    ticket_types.pages,
    question_pages.pages,
    organisers.pages,
    teamwork.pages,
    people.pages,
    program_api.exchange,
    program_api.api,
    changes.changes,
    retention_pages.pages,
    tokens.pages,
    organiser_tokens.pages,
    webhook_pages.pages,
    audit.pages,
    admin.pages,
    api_pages.pages,
    *resources.ALL,
)
WHILE_DEVELOPING = (demo.pages, outbox.pages)

REGIONS = (
    admin_regions,
    audit_regions,
    dashboard_regions,
    door_regions,
    event_regions,
    import_regions,
    message_regions,
    organiser_regions,
    people_regions,
    program_regions,
    registration_regions,
    retention_regions,
    webhook_regions,
    ticket_regions,
)
"""Declared by being read."""

for work, waits in (
    (event_store.turn, When("events", "turns_at")),
    (ticket_type_store.turn, When("ticket_types", "turns_at")),
    (ending.expire, When("registrations", "expires_at")),
    (parting.depart, When("departures")),
    (posting.post_due, When("messages", "due_at")),
    (personal.forget_names, When("door_forgetting", "next_at")),
    (rounds.end_deleted, When("retention_rounds", "next_at", among={"_id": "deleted"})),
    (rounds.shred_past, When("retention_rounds", "next_at", among={"_id": "past"})),
    (erasures.go_on, When("erasures", "due_at")),
):
    due.job(waits)(work)

telling.when_called_off(message_store.call_off)
telling.when_moved(message_store.moved)
telling.when_taken_away(message_store.taken_away, otherwise=message_store.brought_back)
mail_store.when_counted(message_store.count)
for name, enclosed in enclosing.BY_NAME.items():
    sending.encloses(name, enclosed)
sending.answers_go(organiser_store.answers_go_to)
