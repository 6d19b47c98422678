"""Column types that every table uses, so that a kind of value is stored in one way."""

from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, MetaData, Text, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlmodel import SQLModel

_MICROSECOND = timedelta(microseconds=1)

# Constraint names are part of the schema: a conflict is told from another by its name.
SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

Instant = TIMESTAMP(timezone=True)
"""An instant: ``timestamptz``, to the microsecond."""

Json = JSONB(none_as_null=True)
Texts = ARRAY(Text)
Uuids = ARRAY(Uuid)
Instants = ARRAY(Instant)


class Span(TypeDecorator[timedelta]):
    """A span of time as whole microseconds in a ``bigint``."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store whole microseconds."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read whole microseconds."""
        return None if value is None else value * _MICROSECOND
