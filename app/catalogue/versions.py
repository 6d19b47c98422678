"""Published policies with their calendars, as values. What is published never changes, so it is read once."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries
from app.sla.calendar import Calendar
from app.sla.ladder import Ladder
from app.sla.policy import Policy
from app.sla.terms import Metric, Terms


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A published policy. ``effective_at`` None means that it was always in force."""

    id: UUID
    version: int
    effective_at: datetime | None
    policy: Policy
    calendars: dict[str, tuple[UUID, Calendar]]
    _terms: dict[tuple[int, str, Metric], Terms | None] = field(default_factory=dict, compare=False, repr=False)
    _ladders: dict[int, Ladder] = field(default_factory=dict, compare=False, repr=False)

    def terms(self, level: int, priority: str, metric: Metric) -> Terms | None:
        """Return what a metric promises at a level and priority; None where nothing is promised."""
        key = (level, priority, metric)
        if key not in self._terms:
            target = self.policy.target(*key)
            named = self.calendar(level)[1]
            self._terms[key] = None if target is None else Terms(target.span, target.counting, named)
        return self._terms[key]

    def calendar(self, level: int) -> tuple[UUID, Calendar]:
        """Return the id and the value of a level's calendar."""
        return self.calendars[self.policy.calendars[level]]

    def ladder(self, level: int) -> Ladder:
        """Return the ladder as a level has it."""
        if level not in self._ladders:
            self._ladders[level] = self.policy.ladder(level)
        return self._ladders[level]


_published: dict[UUID, PolicyVersion] = {}
_calendars: dict[UUID, Calendar] = {}


async def policy_version(session: AsyncSession, policy_id: UUID) -> PolicyVersion:
    """Return a published policy."""
    if policy_id not in _published:
        row = await queries.get_policy(session, policy_id)
        calendars = {code: UUID(id_) for code, id_ in row.calendars.items()}
        named = {code: (id_, await calendar(session, id_)) for code, id_ in calendars.items()}
        _published[policy_id] = PolicyVersion(
            row.id, row.version, row.effective_at, Policy.from_dict(row.definition), named
        )
    return _published[policy_id]


async def calendar(session: AsyncSession, calendar_id: UUID) -> Calendar:
    """Return a published version of a calendar."""
    if calendar_id not in _calendars:
        row = await queries.get_calendar(session, calendar_id)
        _calendars[calendar_id] = Calendar.from_dict(row.definition)
    return _calendars[calendar_id]
