"""What an event's registrations and entries come to, counted. Rules only.

The numbers follow from documents alone: each is the sum of `of` over all registrations and their entries. The counter
keeps that sum in the event's book, in the transaction that changes them, and a mark of it for each minute.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

TAKING = {"held", "pending", "confirmed"}
"""The states of a registration that has places."""

Document = Mapping[str, Any]


def of(registration: Document | None, entry: Document | None) -> Counter[str]:
    """What one registration, its place in the line, or both add.

    `tickets:`, `type:ID:` and `pool:ID:` count tickets that take a place, by state; a hold that is an offer is
    `offered`. `asked` and `done` count tickets that were ever asked for and ever confirmed.
    """
    found: Counter[str] = Counter()
    if registration is None and entry is None:
        return found
    found["asked"] = len(registration["tickets"]) if registration else (entry or {})["quantity"]
    if registration:
        found.update(_of_registration(registration, state_of(registration, entry)))
    if entry:
        found.update(_of_entry(entry))
    return found


def state_of(registration: Document, entry: Document | None) -> str:
    """The registration's state, told apart from an offer that nobody has taken up."""
    is_offer = registration["state"] == "held" and entry is not None and entry["state"] == "offered"
    return "offered" if is_offer else str(registration["state"])


def _of_registration(registration: Document, state: str) -> Counter[str]:
    found = Counter({f"registrations:{state}": 1})
    if registration.get("confirmed_at"):
        found["done"] += sum(1 for ticket in registration["tickets"] if ticket.get("is_issued"))
        found["registrations:done"] += 1
    if registration["state"] in TAKING:
        for ticket in registration["tickets"]:
            if not ticket["is_cancelled"]:
                found[f"tickets:{state}"] += 1
                found[f"type:{ticket['ticket_type_id']}:{state}"] += 1
                found.update(f"pool:{pool_id}:{state}" for pool_id in ticket["pools"])
    return found


def _of_entry(entry: Document) -> Counter[str]:
    found = Counter({f"entries:{entry['state']}": 1})
    if entry["state"] == "waiting":
        found["waiting"] += entry["quantity"]
        for part in entry["parts"]:
            found[f"type:{part['ticket_type_id']}:waiting"] += part["quantity"]
        for pool_id, places in entry["needs"].items():
            found[f"pool:{pool_id}:waiting"] += places
    return found
