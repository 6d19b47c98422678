"""Explaining a ticket's clocks: their ledgers, what is stored and what is only in the keeper's hands, as values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.hours import hours_of
from app.catalogue.versions import PolicyVersion, calendar, policy_version
from app.clocks import queries
from app.clocks.keeper import Entry, Keeper
from app.clocks.kept import Kept, Promised
from app.clocks.models import SlaClock, SlaClockChange
from app.clocks.reasons import what_happened
from app.clocks.rows import ClockRow, Versions, paired
from app.clocks.service import every_clock
from app.entitlements.entitlement import Timeline
from app.sla.calendar import ALWAYS
from app.sla.clock import State
from app.sla.explanation import Explanation, Line, Window, explained
from app.sla.localtime import zone_named
from app.sla.narrative import Told, Voiding
from app.sla.terms import Counting, Terms


@dataclass(frozen=True, slots=True)
class Under:
    """What a line of the ledger is told with: the versions of its terms, the priority, and what happened, in words."""

    versions: Versions
    policy: PolicyVersion
    hours: str
    priority: str | None
    said: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A clock with its explanation; ``under`` knows each of its lines."""

    kept: Kept
    explanation: Explanation
    under: Mapping[Line, Under]
    time_zone: str
    paragraph: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A line and the published versions that it was under."""

    line: Line
    versions: Versions
    priority: str | None


def windows_under(terms: Terms, timeline: Timeline) -> tuple[Window, ...]:
    """Return the maintenance windows that terms leave out, each with the reasons that were given for it."""
    return tuple((begins, ends, _reasons(begins, ends, timeline)) for begins, ends in terms.windows)


def _reasons(begins: datetime, ends: datetime, timeline: Timeline) -> str:
    met = [window.reason for window in timeline.windows if window.starts_at < ends and window.ends_at > begins]
    return "; ".join(dict.fromkeys(met))


async def explain_clocks(
    session: AsyncSession, ticket: Promised, keeper: Keeper, now: datetime, *, every: bool
) -> list[Explained]:
    """Explain the clocks that a keeper has settled up to ``now``: the latest of each metric, or every one."""
    earlier = [*await every_clock(session, ticket), *keeper.ended] if every else []
    kept = {one.id: one for one in (*earlier, *keeper.kept.values())}
    ledgers: dict[UUID, list[Noted]] = {id_: [] for id_ in kept}
    for row in await queries.read_ledgers(session, ticket.reseller_id, list(kept)):
        ledgers[row.clock_id].append(await _stored(session, row, keeper.timeline))
    for id_, entries in _in_hand(keeper, kept).items():
        ledgers[id_].extend(entries)
    return [await explain(session, kept[id_], ledgers[id_], keeper, now) for id_ in kept]


async def explain(
    session: AsyncSession, kept: Kept, ledger: Sequence[Noted], keeper: Keeper, now: datetime
) -> Explained:
    """Explain one clock from its ledger."""
    under: dict[Line, Under] = {}
    before: str | None = None
    for noted in ledger:
        line = noted.line
        said = what_happened(line.why, line.at, (before, noted.priority), keeper.timeline)
        policy = await policy_version(session, noted.versions.policy_id)
        under[line] = Under(noted.versions, policy, hours_of(line.terms.calendar), noted.priority, said)
        before = noted.priority or before
    told = explained([noted.line for noted in ledger], now)
    zone = _time_zone(under, keeper)
    words = Told(zone_named(zone), lambda line: under[line].hours, lambda line: under[line].said)
    return Explained(kept, told, under, zone, words.paragraph(kept.clock.metric, told, _voiding(kept.row)))


def _voiding(row: ClockRow | None) -> Voiding | None:
    if not isinstance(row, SlaClock) or row.voided_at is None:
        return None
    return Voiding(row.voided_at, row.void_reason or "")


def noted_of(entry: Entry, timeline: Timeline) -> Noted:
    """Return what the keeper has not written yet as a line."""
    clock = entry.clock
    line = Line(
        entry.at,
        entry.kind,
        clock.terms,
        clock.state,
        clock.paused_since is not None,
        clock.counted,
        clock.remaining,
        clock.due_at,
        windows_under(clock.terms, timeline),
    )
    return Noted(line, entry.versions, entry.priority)


def _in_hand(keeper: Keeper, kept: Mapping[UUID, Kept]) -> dict[UUID, list[Noted]]:
    entries: dict[UUID, list[Noted]] = {}
    for entry in keeper.ledger:
        if entry.kept.id in kept:
            entries.setdefault(entry.kept.id, []).append(noted_of(entry, keeper.timeline))
    return entries


async def _stored(session: AsyncSession, row: SlaClockChange, timeline: Timeline) -> Noted:
    named = ALWAYS if row.calendar_id is None else await calendar(session, row.calendar_id)
    terms = Terms(row.target, Counting(row.counting), named, paired(row.windows))
    line = Line(
        row.at,
        row.kind,
        terms,
        State(row.state),
        row.paused,
        row.counted,
        row.remaining,
        row.due_at,
        windows_under(terms, timeline),
    )
    return Noted(line, Versions(row.policy_id, row.calendar_id), row.priority)


def _time_zone(lines: Iterable[Line], keeper: Keeper) -> str:
    """The zone of the last calendar that counted; of a clock that counts all time, that of its level's calendar."""
    counted = [line.terms.calendar for line in lines if line.terms.counting is Counting.support_hours]
    held = keeper.entitlement
    return (counted[-1] if counted else held.policy.calendar(held.level)[1]).time_zone
