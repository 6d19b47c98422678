"""Rows as arrays: what is written in one statement is what was given."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from app.infra.arrays import as_arrays, insert_of, update_of
from tests.desk import Desk

_KEY = {"id": "uuid"}
_COLUMNS = {"span": "bigint", "at": "timestamptz", "codes": "text[]", "instants": "timestamptz[]", "said": "varchar"}
_TABLE = text("""
create temp table t (id uuid, span bigint, at timestamptz, codes text[], instants timestamptz[], said text)
""")
AT = datetime(2026, 6, 10, 11, 0, 0, 1, tzinfo=UTC)


def _row(number: int, *codes: str) -> dict[str, object]:
    return {
        "id": UUID(int=number),
        "span": timedelta(microseconds=number),
        "at": AT,
        "codes": list(codes),
        "instants": [AT] * number,
        "said": None if number else "{}",
    }


async def test_rows_come_back_as_they_went(desk: Desk) -> None:
    rows = [_row(0), _row(1, "warning"), _row(2, 'a "quoted", one', "back\\slash", "{}")]
    other = [row | {"codes": [*row["codes"], "x"]} for row in rows]  # type: ignore[misc]  # a list, as _row makes it
    async with desk.database.transaction() as session:
        await session.execute(_TABLE)
        await session.execute(text(insert_of("t", _KEY | _COLUMNS)), as_arrays(rows, _KEY | _COLUMNS))
        inserted = (await session.execute(text("select * from t order by id"))).mappings().all()
        await session.execute(text(update_of("t", _KEY, _COLUMNS)), as_arrays(other, _KEY | _COLUMNS))
        updated = (await session.execute(text("select codes from t order by id"))).scalars().all()

    assert [dict(row) | {"span": timedelta(microseconds=row["span"])} for row in inserted] == rows
    assert updated == [row["codes"] for row in other]
