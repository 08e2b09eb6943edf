"""Every resource of the API."""

from webapp.api import (
    check_in_lists,
    check_ins,
    door_links,
    events,
    history,
    holds,
    imports,
    messages,
    more_tickets,
    organisers,
    personal_data,
    pools,
    questions,
    registrations,
    statistics,
    teams,
    ticket_types,
    tickets,
    walk_ins,
    webhooks,
)

ALL = [
    module.api
    for module in (
        check_in_lists,
        check_ins,
        door_links,
        events,
        history,
        holds,
        imports,
        messages,
        more_tickets,
        organisers,
        personal_data,
        pools,
        questions,
        registrations,
        statistics,
        teams,
        ticket_types,
        tickets,
        walk_ins,
        webhooks,
    )
]
