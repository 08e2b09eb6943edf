"""Writers: everything that happens to events, at random, through the store and as from a database shell."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from pymongo import ReturnDocument

from ops.soak.ledger import Ledger
from webapp.audit.actor import command
from webapp.database import PyMongoError, db
from webapp.errors import TurnoutError
from webapp.events import store
from webapp.events.event import Details, Event

BY = command("The soak")
MOST_EXTRA = 12
PLACES = ("", "Town hall", "Boat house & pier", "<Studio 4>", "Zoë’s garden")
TAGS = ("music", "talk", "open air", "")


class Writers:
    """Several at once on the same gatherings. A gathering's title carries its version, which every write raises."""

    def __init__(self, ledger: Ledger, chance: random.Random, rate: float, at_once: int = 6) -> None:
        self.ledger, self._chance, self._rate = ledger, chance, rate
        self.events: dict[int, Event] = {}
        self._organiser_id = ""
        self._extra: list[int] = []
        self._next = 1
        self._may_write = asyncio.Event()
        self._idle = [asyncio.Event() for _ in range(at_once)]

    async def gather(self, organiser_id: str, count: int) -> None:
        """Makes an organiser's gatherings and publishes them."""
        self._organiser_id = organiser_id
        for _ in range(count):
            number = await self._create()
            await store.publish(self.events[number], by=BY, now=_now())

    async def write(self) -> None:
        """Writes while it may, until cancelled."""
        await asyncio.gather(*(self._keep_writing(idle) for idle in self._idle))

    def go_on(self) -> None:
        """Lets the writers write."""
        self._may_write.set()

    async def pause(self) -> None:
        """Stops them; returns when nothing is being written any more."""
        self._may_write.clear()
        await asyncio.gather(*(idle.wait() for idle in self._idle))

    async def _keep_writing(self, idle: asyncio.Event) -> None:
        while True:
            if not self._may_write.is_set():
                idle.set()
                await self._may_write.wait()
            idle.clear()
            await asyncio.sleep(self._chance.expovariate(self._rate / len(self._idle)))
            await self._attempt(self._chance.choices(DEEDS, WEIGHTS)[0])

    async def _attempt(self, deed: "Deed") -> None:
        """Tries again while the database is away; a deed that came too late, or twice, is nothing."""
        number = self._chance.choice(list(self.events))
        while True:
            try:
                return await deed(self, number)
            except PyMongoError:
                self.ledger.counts["writes retried"] += 1
                await asyncio.sleep(0.3)
            except TurnoutError:
                self.ledger.counts["writes too late"] += 1
                return None

    async def _edit(self, number: int) -> None:
        before = await store.get(self._organiser_id, self.events[number].id)
        details = self._details(number, before.version + 1)
        after = await store.edit(before, details, version=before.version, by=BY, now=_now())
        self.ledger.wrote(number, after.version)

    async def _edit_as_from_a_shell(self, number: int) -> None:
        title = {"$concat": [f"Gathering {number}, change ", {"$toString": {"$add": ["$version", 1]}}]}
        change = {
            "$set": {"version": {"$add": ["$version", 1]}, "title": title, "capacity": self._chance.randint(1, 99)}
        }
        after = await db().events.find_one_and_update(
            {"_id": self.events[number].id}, [change], return_document=ReturnDocument.AFTER
        )
        if after:
            self.ledger.wrote(number, after["version"])

    async def _change_state(self, number: int) -> None:
        action = self._chance.choice((store.publish, store.publish, store.publish, store.unpublish, store.cancel))
        await action(self.events[number], by=BY, now=_now())
        self.ledger.counts["writes"] += 1

    async def _delete(self, number: int) -> None:
        await store.delete(self.events[number], by=BY, now=_now())
        self.ledger.counts["writes"] += 1

    async def _restore(self, number: int) -> None:
        await store.restore(self.events[number], by=BY, now=_now())
        self.ledger.counts["writes"] += 1

    async def _add(self, _: int) -> None:
        if len(self._extra) < MOST_EXTRA:
            number = await self._create()
            await store.publish(self.events[number], by=BY, now=_now())
            self._extra.append(number)

    async def _remove_as_from_a_shell(self, _: int) -> None:
        if self._extra:
            number = self._extra.pop(0)
            await db().events.delete_one({"_id": self.events[number].id})
            del self.events[number]
            self.ledger.counts["writes"] += 1

    async def _create(self) -> int:
        number, self._next = self._next, self._next + 1
        self.events[number] = await store.create(self._organiser_id, self._details(number, 1), now=_now(), by=BY)
        self.ledger.wrote(number, 1)
        return number

    def _details(self, number: int, version: int) -> Details:
        starts = _now().replace(tzinfo=None, minute=0) + timedelta(days=1 + number % 20)
        return Details(
            title=f"Gathering {number}, change {version}",
            summary=f"Somebody said {self._chance.random()} & more",
            starts=starts,
            ends=starts + timedelta(hours=2),
            zone="Europe/Berlin",
            capacity=self._chance.randint(1, 500),
            place_name=self._chance.choice(PLACES),
            tags=[tag for tag in [self._chance.choice(TAGS)] if tag],
        )


def _now() -> datetime:
    return datetime.now(UTC)


Deed = Callable[[Writers, int], Awaitable[None]]
DEEDS: tuple[Deed, ...] = (
    Writers._edit,
    Writers._edit_as_from_a_shell,
    Writers._change_state,
    Writers._delete,
    Writers._restore,
    Writers._add,
    Writers._remove_as_from_a_shell,
)
WEIGHTS = (50, 25, 14, 3, 4, 2, 2)
