"""The work that the desk does for a reseller: an append-only ledger of minutes, each taken from a paid month."""

from uuid import UUID

from app.entitlements.entitlement import Feature
from app.entitlements.minutes import Taken, given_back
from app.entitlements.refusals import entitlement_required
from app.entitlements.usage import take_minutes, usage_at
from app.infra.ids import new_id
from app.infra.problems import ValidationFailed
from app.infra.wire import Instant
from app.tickets import work_queries
from app.tickets.act import Act
from app.tickets.models import WorkLog
from app.tickets.work_schemas import WorkLogCreate

PaidMonth = tuple[UUID, Instant]


async def log_work(act: Act, wanted: WorkLogCreate) -> list[WorkLog]:
    """Log work on a ticket in hand, whatever its status: what was done can always be logged.

    A correction gives back to the months that the minutes were taken from, the latest first, an entry for each.

    Raises:
        EntitlementRequired: the ticket is no task, and the level held has no Intelligent Hands.
        ValidationFailed: a correction takes back more than was logged.
    """
    ticket, entitlement = act.ticket, act.keeper.entitlement
    if ticket.type != "task" and not entitlement.includes(Feature.TASK_TICKETS):
        raise await entitlement_required(
            act.session, entitlement, Feature.TASK_TICKETS, "work on a ticket that is no task"
        )
    parts = await (_taken(act, wanted.minutes) if wanted.minutes > 0 else _given_back(act, -wanted.minutes))
    entries = [_entry(act, part, wanted.note) for part in parts]
    act.session.add_all(entries)
    for part in parts:
        if part.month is not None:
            await take_minutes(act.session, ticket.reseller_id, *part.month, part.minutes, act.now)
    await act.session.flush()
    return entries


async def _taken(act: Act, minutes: int) -> list[Taken[PaidMonth]]:
    usage = await usage_at(act.session, act.ticket.reseller_id, act.now)
    return [Taken((usage.add_on_purchase_id, usage.month_starts_at) if usage else None, minutes)]


async def _given_back(act: Act, minutes: int) -> list[Taken[PaidMonth]]:
    ledger = [Taken(_month(entry), entry.minutes) for entry in await work_queries.ledger_of(act.session, act.ticket)]
    parts = given_back(ledger, minutes)
    if parts is None:
        total = sum(entry.minutes for entry in ledger)
        raise ValidationFailed.at("/minutes", f"{total} minutes are logged on this ticket: no more can be taken back")
    return parts


def _month(entry: WorkLog) -> PaidMonth | None:
    if entry.purchase_id is None or entry.month_starts_at is None:
        return None
    return entry.purchase_id, entry.month_starts_at


def _entry(act: Act, part: Taken[PaidMonth], note: str) -> WorkLog:
    purchase_id, month_starts_at = part.month or (None, None)
    return WorkLog(
        reseller_id=act.ticket.reseller_id,
        id=new_id(),
        ticket_id=act.ticket.id,
        minutes=part.minutes,
        note=note,
        author=dict(act.actor.recorded()),
        at=act.now,
        purchase_id=purchase_id,
        month_starts_at=month_starts_at,
    )
