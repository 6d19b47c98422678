"""The names of a report's groups, in the order in which they are shown."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.queries import list_levels, list_plans
from app.catalogue.wording import PRIORITIES, capital
from app.infra.ids import encode
from app.reports.queries import reseller_names
from app.reports.schemas import GroupBy
from app.sla.localtime import zone_named
from app.sla.words import METRICS

_MID_MONTH = timedelta(days=15)


async def names_of(
    session: AsyncSession, group_by: GroupBy, keys: Iterable[str], months: Mapping[str, str]
) -> dict[str, str]:
    """Return the name of each key that may come up, in order."""
    match group_by:
        case GroupBy.priority:
            return {priority: capital(priority) for priority in PRIORITIES}
        case GroupBy.plan:
            return {plan.code: plan.name for plan in await list_plans(session)}
        case GroupBy.level:
            return {str(level.level): level.name for level in await list_levels(session)}
        case GroupBy.metric:
            return {metric.value: capital(said) for metric, said in METRICS.items()}
        case GroupBy.month:
            return dict(months)
        case GroupBy.reseller:
            found = await reseller_names(session, [UUID(key) for key in keys])
            return {str(id_): name for id_, name in sorted(found.items(), key=lambda item: (item[1].lower(), item[0]))}


def code_of(group_by: GroupBy, key: str) -> str:
    """Return a group's key as it is on the wire."""
    return encode("rsl", UUID(key)) if group_by is GroupBy.reseller else key


def month_beginnings(since: datetime, until: datetime, time_zone: str) -> dict[str, datetime]:
    """Return the calendar months of a zone that touch a span, each with its first instant."""
    local = since.astimezone(zone_named(time_zone))
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    found: dict[str, datetime] = {}
    while (begins := first.astimezone(UTC)) < until:
        found[f"{first.year:04}-{first.month:02}"] = begins
        first = (first + timedelta(days=31)).replace(day=1)
    return found


def month_name(code: str) -> str:
    """Return a month as people read it: ``June 2026``."""
    return datetime.strptime(code, "%Y-%m").replace(tzinfo=UTC).strftime("%B %Y")
