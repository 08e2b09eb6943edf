import pytest

from webapp import database


async def test_a_transaction_that_fails_changes_nothing(db: database.Database) -> None:
    async def work(session: database.Session) -> None:
        await db.things.insert_one({"_id": "one"}, session=session)
        raise RuntimeError

    await database.prepare()
    await db.things.insert_one({"_id": "zero"})
    with pytest.raises(RuntimeError):
        await database.transaction(work)
    assert [thing["_id"] async for thing in db.things.find()] == ["zero"]
