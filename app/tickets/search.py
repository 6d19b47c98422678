"""SQL of lists of tickets: filters, order, full-text search, urgency."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Row, Select, SQLColumnExpression, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.infra.paging import Key
from app.infra.problems import ValidationFailed
from app.tickets.models import Message, Ticket
from app.tickets.schemas import SlaStatusQuery, TicketQuery

_STATUSES = ("new", "open", "pending", "on_hold", "resolved", "closed", "cancelled")
_PRIORITIES = ("immediate", "priority", "low")
_SLA_STATUSES = ("breached", "at_risk", "on_track", "paused", "met", "none")
_OPEN = ("new", "open", "pending", "on_hold")
_CONFIG = "simple"


async def list_tickets(
    session: AsyncSession, query: TicketQuery, after: Sequence[Key] | None, *, internal: bool
) -> tuple[Sequence[Ticket], list[list[Key]]]:
    """List tickets by their filters, with the sort key of each."""
    rank = _rank(query.q, internal=internal) if query.q else None
    order = _rank_order(rank) if rank is not None else _order(query.sort)
    statement = select(Ticket, *(column for column, _ in order)).where(*_filters(query))
    if query.q:
        statement = statement.where(_matches(query.q, internal=internal))
    rows = (await session.execute(_page(statement, order, after, query.limit))).all()
    return [row[0] for row in rows], [_key(row) for row in rows]


async def list_urgent(
    session: AsyncSession, query: SlaStatusQuery, after: Sequence[Key] | None
) -> tuple[Sequence[Ticket], list[list[Key]]]:
    """List tickets at work, the next to fall due first."""
    order = _order("next_due_at")
    statement = select(Ticket, *(column for column, _ in order)).where(
        col(Ticket.status).in_(_OPEN),
        *_one_of(col(Ticket.sla_status), query.sla_status, _SLA_STATUSES, "sla_status"),
        *_one_of(col(Ticket.priority), query.priority, _PRIORITIES, "priority"),
    )
    if query.due_before is not None:
        statement = statement.where(col(Ticket.next_due_at) < query.due_before)
    rows = (await session.execute(_page(statement, order, after, query.limit))).all()
    return [row[0] for row in rows], [_key(row) for row in rows]


async def count_open(session: AsyncSession) -> Sequence[Row[str, str, int]]:
    """Count tickets at work by SLA status and priority."""
    columns = (col(Ticket.sla_status), col(Ticket.priority))
    query = select(*columns, func.count()).where(col(Ticket.status).in_(_OPEN)).group_by(*columns).order_by(*columns)
    return (await session.execute(query)).all()


Order = list[tuple[SQLColumnExpression[Any], bool]]
"""Columns and whether each descends; the last one is the id, so that no two rows are equal."""


def _order(sort: str) -> Order:
    descending = sort.startswith("-")
    name = sort.removeprefix("-")
    if name == "next_due_at":  # nulls last, as a plain value that a cursor can hold
        far = func.coalesce(col(Ticket.next_due_at), datetime.fromisoformat("9999-12-31T00:00:00+00:00"))
        return [(far, False), (col(Ticket.id), False)]
    return [(col(getattr(Ticket, name)), descending), (col(Ticket.id), descending)]


def _rank_order(rank: SQLColumnExpression[float]) -> Order:
    return [(rank, True), (col(Ticket.id), True)]


def _page(
    statement: Select[*tuple[Any, ...]], order: Order, after: Sequence[Key] | None, limit: int
) -> Select[*tuple[Any, ...]]:
    if after is not None:
        statement = statement.where(
            _behind(order, [_typed(column, value) for (column, _), value in zip(order, after, strict=True)])
        )
    ordered = [column.desc() if descending else column.asc() for column, descending in order]
    return statement.order_by(*ordered).limit(limit + 1)


def _behind(order: Order, values: Sequence[object]) -> ColumnElement[bool]:
    (first, descending), (last, _) = order
    beyond = first < values[0] if descending else first > values[0]
    tie = last < values[1] if descending else last > values[1]
    return or_(beyond, and_(first == values[0], tie))


def _typed(column: SQLColumnExpression[Any], value: Key) -> object:
    kind = cast_type("ColumnElement[Any]", column).type.python_type
    if kind is datetime:
        return datetime.fromisoformat(str(value))
    return UUID(str(value)) if kind is UUID else value


def _key(row: Row[*tuple[Any, ...]]) -> list[Key]:
    return [value if isinstance(value, float) else str(value) for value in row[1:]]


def _filters(query: TicketQuery) -> list[ColumnElement[bool]]:
    found = [
        *_one_of(col(Ticket.status), query.status, _STATUSES, "status"),
        *_one_of(col(Ticket.priority), query.priority, _PRIORITIES, "priority"),
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


def _words(q: str) -> ColumnElement[Any]:
    return func.websearch_to_tsquery(_CONFIG, q)


def _message_matches(q: str, *, internal: bool) -> list[ColumnElement[bool]]:
    found = [
        col(Message.reseller_id) == col(Ticket.reseller_id),
        col(Message.ticket_id) == col(Ticket.id),
        col(Message.search).bool_op("@@")(_words(q)),
    ]
    return found if internal else [*found, col(Message.visibility) == "public"]


def _matches(q: str, *, internal: bool) -> ColumnElement[bool]:
    in_messages = select(col(Message.id)).where(*_message_matches(q, internal=internal)).exists()
    return or_(col(Ticket.search).bool_op("@@")(_words(q)), in_messages)


def _rank(q: str, *, internal: bool) -> ColumnElement[float]:
    best = select(func.coalesce(func.max(func.ts_rank(col(Message.search), _words(q))), 0.0)).where(
        *_message_matches(q, internal=internal)
    )
    rank = func.ts_rank(col(Ticket.search), _words(q)) + best.correlate(Ticket).scalar_subquery()
    return cast(rank, Float(53))
