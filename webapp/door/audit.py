"""Counts a door again from its check-ins alone, and says where the kept numbers differ."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.database import Session, db, snapshot
from webapp.door.checkin import Kind, Presence, Result

Document = Mapping[str, Any]


@dataclass
class Recount:
    """What the check-ins of an event come to."""

    inside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    entered: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    gates: Counter[str] = field(default_factory=Counter)

    @property
    def people(self) -> set[str]:
        return {ticket_id for tickets in self.inside.values() for ticket_id in tickets}

    @property
    def guests(self) -> set[str]:
        return {ticket_id for tickets in self.entered.values() for ticket_id in tickets}


async def events() -> list[str]:
    """The events at whose doors somebody was scanned; those that are being ended, batch by batch, are not counted."""
    found = [await db()[name].distinct("event_id") for name in ("checkins", "presence", "door_counts", "door_minutes")]
    ending = await db().erasures.distinct("_id", {"what": "everything"})
    return sorted({event_id for some in found for event_id in some} - {*ending})


async def differences(event_id: str) -> list[str]:
    """Sentences about what does not fit together; none when all is well."""
    async with await snapshot() as session:
        query = {"event_id": event_id}
        records = await _all("checkins", query, session)
        presence = {one["_id"]: one for one in await _all("presence", query, session)}
        counts = await _all("door_counts", query, session)
        minutes = await _all("door_minutes", query, session)
    found = recount(records)
    return [
        *_of_history(records),
        *_of_presence(found, presence),
        *_of_counts(found, records, counts),
        *_of_minutes(found, minutes),
    ]


def recount(records: Iterable[Document]) -> Recount:
    """The numbers, from the check-ins in the order of each ticket's steps."""
    found = Recount()
    undone: dict[tuple[str, str], list[tuple[bool, int]]] = defaultdict(lambda: [(False, 0)])
    for record in sorted(records, key=lambda one: (one["ticket_id"], one.get("step", 0))):
        kind = "refused" if record["result"] != Result.OK else record["kind"]
        found.gates[f"{record['happened_at']:%Y%m%d%H%M} {record['gate_id'] or 'none'} {kind}"] += 1
        if not record.get("step"):
            continue
        past = undone[record["list_id"], record["ticket_id"]]
        if record["kind"] == Kind.UNDO:
            for list_id in (record["list_id"], *record.get("restored", ())):
                undone[list_id, record["ticket_id"]].pop()
            continue
        is_entry = record["kind"] == Kind.ENTRY
        past.append((record.get("is_inside", is_entry), past[-1][1] + is_entry))
        for list_id in record.get("left", ()):
            other = undone[list_id, record["ticket_id"]]
            other.append((False, other[-1][1]))
    for (list_id, ticket_id), past in undone.items():
        is_inside, entries = past[-1]
        if is_inside:
            found.inside[list_id].add(ticket_id)
        if entries:
            found.entered[list_id][ticket_id] = entries
    return found


def _of_history(records: Iterable[Document]) -> list[str]:
    steps: dict[str, list[int]] = defaultdict(list)
    for record in records:
        if record.get("step"):
            steps[record["ticket_id"]].append(record["step"])
    broken = [one for one, known in steps.items() if sorted(known) != list(range(1, len(known) + 1))]
    return [f"The history of ticket {one} has gaps or forks." for one in broken]


def _of_presence(found: Recount, kept: Mapping[str, Document]) -> list[str]:
    wrong = []
    for ticket_id in sorted(set(kept) | found.people):
        document = kept.get(ticket_id, {})
        presence = Presence.model_validate(document)
        if document.get("is_inside", False) is not presence.is_inside:
            wrong.append(f"Ticket {ticket_id} is not marked as it stands on its lists.")
        for list_id in {*presence.lists, *found.inside}:
            is_inside = ticket_id in found.inside[list_id]
            entries = found.entered[list_id][ticket_id]
            if presence.on(list_id).is_inside != is_inside or presence.on(list_id).entries != entries:
                wrong.append(f"Ticket {ticket_id} does not stand on list {list_id} as its check-ins say.")
    return wrong


def _of_counts(found: Recount, records: list[Document], kept: list[Document]) -> list[str]:
    counted: Counter[str] = Counter()
    for one in kept:
        counted["inside"] += one.get("inside", 0)
        counted["scans"] += one.get("scans", 0)
        counted["came"] += one.get("came", 0)
        for list_id, numbers in one.get("lists", {}).items():
            counted.update({f"{list_id} {what}": count for what, count in numbers.items()})
    truth = Counter({"inside": len(found.people), "scans": len(records), "came": len(found.guests)})
    truth.update({f"{list_id} inside": len(tickets) for list_id, tickets in found.inside.items()})
    truth.update({f"{list_id} entered": len(tickets) for list_id, tickets in found.entered.items()})
    return _unequal(truth, counted)


def _of_minutes(found: Recount, kept: list[Document]) -> list[str]:
    counted: Counter[str] = Counter()
    for one in kept:
        for gate_id, numbers in one.get("gates", {}).items():
            counted.update({f"{one['minute']:%Y%m%d%H%M} {gate_id} {kind}": count for kind, count in numbers.items()})
    return _unequal(found.gates, counted)


def _unequal(truth: Counter[str], counted: Counter[str]) -> list[str]:
    names = sorted(name for name in {*truth, *counted} if truth[name] != counted[name])
    return [f"{name}: counted {counted[name]}, by the check-ins {truth[name]}." for name in names]


async def _all(collection: str, query: Document, session: Session) -> list[Document]:
    return list(await db()[collection].find(dict(query), session=session).to_list(None))
