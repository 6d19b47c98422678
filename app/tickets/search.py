"""SQL of lists of tickets: filters, order, full-text search, urgency."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Float,
    Row,
    Select,
    SQLColumnExpression,
    TableValuedAlias,
    Uuid,
    column,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.columns import Instant
from app.infra.paging import Key
from app.infra.problems import ValidationFailed
from app.sla.status import SlaStatus
from app.sla.words import PRIORITIES, STATUSES
from app.tickets.lifecycle import AT_WORK
from app.tickets.models import URGENCY, Ticket
from app.tickets.schemas import TicketQuery
from app.tickets.sla_schemas import SlaStatusQuery

_SLA_STATUSES = get_args(SlaStatus)


async def list_tickets(
    session: AsyncSession, query: TicketQuery, after: Sequence[Key] | None, *, internal: bool
) -> tuple[Sequence[Ticket], list[list[Key]]]:
    """List tickets by their filters, with the sort key of each."""
    found = _found(query, internal=internal)
    order = _order(query.sort) if found is None else [(found.c.rank, True), (col(Ticket.id), True)]
    statement = select(Ticket, *(key for key, _ in order)).where(*_filters(query))
    if found is not None:
        statement = statement.join(found, found.c.ticket_id == col(Ticket.id))
    rows = (await session.execute(_page(statement, order, after, query.limit))).all()
    return [row[0] for row in rows], [_key(row) for row in rows]


async def list_urgent(
    session: AsyncSession, query: SlaStatusQuery, after: Sequence[Key] | None
) -> tuple[Sequence[Ticket], list[list[Key]]]:
    """List tickets at work, the next to fall due first."""
    order = _order("next_due_at")
    statement = select(Ticket, *(key for key, _ in order)).where(
        col(Ticket.status).in_(AT_WORK),
        *_one_of(col(Ticket.sla_status), query.sla_status, _SLA_STATUSES, "sla_status"),
        *_one_of(col(Ticket.priority), query.priority, PRIORITIES, "priority"),
    )
    if query.due_before is not None:
        statement = statement.where(col(Ticket.next_due_at) < query.due_before)
    rows = (await session.execute(_page(statement, order, after, query.limit))).all()
    return [row[0] for row in rows], [_key(row) for row in rows]


async def count_open(session: AsyncSession) -> Sequence[Row[str, str, int]]:
    """Count tickets at work by SLA status and priority."""
    columns = (col(Ticket.sla_status), col(Ticket.priority))
    query = select(*columns, func.count()).where(col(Ticket.status).in_(AT_WORK)).group_by(*columns).order_by(*columns)
    return (await session.execute(query)).all()


Order = list[tuple[SQLColumnExpression[Any], bool]]
"""Columns and whether they descend, all alike; the last one is the id, so that no two rows are equal."""


def _order(sort: str) -> Order:
    descending = sort.startswith("-")
    name = sort.removeprefix("-")
    key = literal_column(URGENCY.text, Instant) if name == "next_due_at" else col(getattr(Ticket, name))
    return [(key, descending), (col(Ticket.id), descending)]


def _page(
    statement: Select[*tuple[Any, ...]], order: Order, after: Sequence[Key] | None, limit: int
) -> Select[*tuple[Any, ...]]:
    if after is not None:
        keys = tuple_(*(key for key, _ in order))
        values = tuple_(*(_typed(key, value) for (key, _), value in zip(order, after, strict=True)))
        statement = statement.where(keys < values if order[0][1] else keys > values)
    ordered = [key.desc() if descending else key.asc() for key, descending in order]
    return statement.order_by(*ordered).limit(limit + 1)


def _typed(key: SQLColumnExpression[Any], value: Key) -> BindParameter[Any]:
    type_ = cast_type("ColumnElement[Any]", key).type
    kind = type_.python_type
    if kind is datetime:
        return literal(datetime.fromisoformat(str(value)), type_)
    return literal(UUID(str(value)) if kind is UUID else value, type_)


def _key(row: Row[*tuple[Any, ...]]) -> list[Key]:
    return [value if isinstance(value, float) else str(value) for value in row[1:]]


def _filters(query: TicketQuery) -> list[ColumnElement[bool]]:
    found = [
        *_one_of(col(Ticket.status), query.status, STATUSES, "status"),
        *_one_of(col(Ticket.priority), query.priority, PRIORITIES, "priority"),
        *_one_of(col(Ticket.sla_status), query.sla_status, _SLA_STATUSES, "sla_status"),
    ]
    exact = {
        Ticket.type: query.type,
        Ticket.assignee_id: query.assignee,
        Ticket.external_ref: query.external_ref,
        Ticket.reseller_id: query.reseller_id,
    }
    found += [col(column) == value for column, value in exact.items() if value is not None]
    if query.tag is not None:
        found.append(col(Ticket.tags).contains([query.tag]))
    if query.created_after is not None:
        found.append(col(Ticket.created_at) > query.created_after)
    if query.created_before is not None:
        found.append(col(Ticket.created_at) < query.created_before)
    if query.due_before is not None:
        found.append(col(Ticket.next_due_at) < query.due_before)
    return found


def _one_of(
    column: SQLColumnExpression[str], wanted: str | None, known: Sequence[str], name: str
) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    values = wanted.split(",")
    if strange := sorted(set(values) - set(known)):
        raise ValidationFailed.at(f"/{name}", f"{', '.join(strange)}: not one of {', '.join(known)}")
    return [column.in_(values)]


def _found(query: TicketQuery, *, internal: bool) -> TableValuedAlias | None:
    """Return the tickets that words are found in, with their rank: of the caller's own, or, for staff, of all."""
    if query.q is None:
        return None
    matching = (
        func.tickets_matching(query.reseller_id, query.q, True) if internal else func.own_tickets_matching(query.q)
    )
    return matching.table_valued(column("ticket_id", Uuid), column("rank", Float(53)), name="found")
