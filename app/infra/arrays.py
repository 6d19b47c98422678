"""Many rows in one statement: each column goes to PostgreSQL as an array, and ``unnest`` makes rows of them.

A column of arrays goes as their texts, since an array of arrays has to be rectangular.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own has no types
_MICROSECOND = timedelta(microseconds=1)

Columns = Mapping[str, str]
"""The columns by name, each with its PostgreSQL type. A ``bigint`` takes a span as microseconds, too."""


def columns_of(model: type[SQLModel], names: Iterable[str]) -> dict[str, str]:
    """Return columns of a table with the types that it declares."""
    declared = SQLModel.metadata.tables[str(model.__tablename__)].columns
    return {name: declared[name].type.compile(_POSTGRESQL).lower() for name in names}


def insert_of(table: str, columns: Columns) -> str:
    """Return the statement that inserts rows."""
    names = ", ".join(columns)
    return f"insert into {table} ({names}) select {_selected(columns)} from {_rows(columns)}"  # noqa: S608 - constants


def update_of(table: str, key: Columns, columns: Columns) -> str:
    """Return the statement that updates the rows of a key."""
    sets = ", ".join(f"{name} = {_cast(name, kind)}" for name, kind in columns.items())
    same = " and ".join(f"t.{name} = n.{name}" for name in key)
    return f"update {table} t set {sets} from {_rows({**key, **columns})} where {same}"  # noqa: S608 - constants


def as_arrays(rows: Sequence[Mapping[str, object]], columns: Columns) -> dict[str, list[object]]:
    """Return the parameters of either statement."""
    return {name: _sent([row[name] for row in rows], kind) for name, kind in columns.items()}


def _selected(columns: Columns) -> str:
    return ", ".join(_cast(name, kind) for name, kind in columns.items())


def _cast(name: str, kind: str) -> str:
    return f"cast(n.{name} as {kind})" if kind.endswith("[]") else f"n.{name}"


def _rows(columns: Columns) -> str:
    arrays = (f"cast(:{name} as {'text' if kind.endswith('[]') else kind}[])" for name, kind in columns.items())
    return f"unnest({', '.join(arrays)}) as n ({', '.join(columns)})"


def _sent(values: list[object], kind: str) -> list[object]:
    if kind == "bigint":
        return [value // _MICROSECOND if isinstance(value, timedelta) else value for value in values]
    if kind.endswith("[]"):
        return [_text(value) if isinstance(value, list) else value for value in values]
    return values


def _text(array: list[object]) -> str:
    return "{" + ",".join(_element(one) for one in array) + "}" if array else "{}"


def _element(one: object) -> str:
    said = one.isoformat() if isinstance(one, datetime) else str(one)
    return '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'
