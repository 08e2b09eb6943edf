"""What is asked for at one moment, asked of a server once.

Whoever asks while an answer is under way waits for the next one, which is for all who asked meanwhile. So nobody is
told what was read before they asked, whoever asks alone waits for nobody, and the more ask the less each costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from webapp.database import db

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Document = Mapping[str, Any]

AT_ONCE = 200


class Together(Generic[Question, Answer]):
    """Asks in batches; `answers_to(questions)` answers each of them, in their order."""

    def __init__(self, answers_to: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._answers_to = answers_to
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """The answer, which was begun after this call. Raises what asking raises."""
        loop = asyncio.get_running_loop()
        if self._asking and self._asking.get_loop() is not loop:
            return (await self._answers_to([question]))[0]
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, answer))
        self._asking = self._asking or loop.create_task(self._ask_on())
        return await answer

    async def _ask_on(self) -> None:
        batch: list[tuple[Question, asyncio.Future[Answer]]] = []
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._ask(batch)
        finally:
            self._asking = None
            for _, answer in batch:  # nobody is left waiting, also where asking was cancelled
                answer.cancel()

    async def _ask(self, batch: Sequence[tuple[Question, "asyncio.Future[Answer]"]]) -> None:
        waiting = [answer for _, answer in batch]
        try:
            told = await self._answers_to([question for question, _ in batch])
        except Exception as error:
            for answer in waiting:
                if not answer.done():  # whoever asked may have gone
                    answer.set_exception(error)
        else:
            for answer, one in zip(waiting, told, strict=True):
                if not answer.done():
                    answer.set_result(one)


def documents(collection: str, field: str = "_id") -> Together[Any, Document | None]:
    """Finds the document of a collection that has a value in `field`, which is one of a kind; None where there is none.

    Those who ask for the same one are given the same: nobody changes it.
    """

    async def found(values: Sequence[Any]) -> list[Document | None]:
        rows = await db()[collection].find({field: {"$in": list(set(values))}}).to_list(None)
        by_value = {row[field]: row for row in rows}
        return [by_value.get(value) for value in values]

    return Together(found)
