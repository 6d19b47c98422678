"""Reading what was ever agreed with resellers: the one statement behind every deadline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.versions import PolicyVersion, policy_version
from app.entitlements.entitlement import AddOnHeld, Feature, Held, PlanHeld, Timeline, WindowHeld

# One round trip for all that bears on resellers' terms; policies by id, since their content never changes. Ids are in
# order of the wall's time: so a test clock knows the policies that were published before it was made.
_TIMELINES = text("""
select p.reseller_id, 'plan' as kind, null::uuid as id, p.plan as code, l.level, false as telephone,
       p.starts_at, p.ends_at, v.may_escalate, v.task_tickets, v.branded,
       null::timestamptz as declared_at, null::timestamptz as called_off_at
  from plan_periods p join plans l on l.code = p.plan join support_levels v on v.level = l.level
 where p.reseller_id = any(:ids)
union all
select a.reseller_id, 'add_on', a.id, a.product, d.level, d.telephone,
       a.starts_at, a.ends_at, v.may_escalate, v.task_tickets, v.branded, null, null
  from add_on_purchases a join add_on_products d on d.code = a.product join support_levels v on v.level = d.level
 where a.reseller_id = any(:ids) and a.state <> 'cancelled'
union all
select r.id, 'policy', s.id, null, s.version, false, s.effective_at, null, null, null, null, null, null
  from resellers r join sla_policies s
    on s.test_clock_id = r.test_clock_id
    or (s.test_clock_id is null and (r.test_clock_id is null or s.id < r.test_clock_id))
 where r.id = any(:ids)
union all
select r.id, 'window', w.id, w.reason, 0, false, w.starts_at, w.ends_at, null, null, null, w.declared_at, w.ended_at
  from resellers r join maintenance_windows w
    on (w.everyone and r.test_clock_id is null)
    or exists (select from maintenance_window_resellers n where n.reseller_id = r.id and n.window_id = w.id)
 where r.id = any(:ids) and w.ends_at > :since
order by reseller_id, starts_at nulls first, level
""")


async def timeline_of(session: AsyncSession, reseller_id: UUID, since: datetime) -> Timeline:
    """Read everything that was or will be agreed with a reseller, and the windows that end after an instant."""
    return (await timelines_of(session, [reseller_id], since))[reseller_id]


async def timelines_of(session: AsyncSession, reseller_ids: Sequence[UUID], since: datetime) -> dict[UUID, Timeline]:
    """Read the timelines of several resellers."""
    rows = (await session.execute(_TIMELINES, {"ids": list(reseller_ids), "since": since})).all()
    policies = {row.id: await policy_version(session, row.id) for row in rows if row.kind == "policy"}
    found: dict[UUID, list[Row[Any]]] = {reseller_id: [] for reseller_id in reseller_ids}
    for row in rows:
        found[row.reseller_id].append(row)
    return {reseller_id: _timeline(of_one, policies) for reseller_id, of_one in found.items()}


def _timeline(rows: Sequence[Row[Any]], policies: dict[UUID, PolicyVersion]) -> Timeline:
    by_kind: dict[str, list[Row[Any]]] = {"plan": [], "add_on": [], "policy": [], "window": []}
    for row in rows:
        by_kind[row.kind].append(row)
    return Timeline(
        plans=[
            Held(PlanHeld(row.code, row.level, _features(row)), row.starts_at, row.ends_at) for row in by_kind["plan"]
        ],
        add_ons=[
            Held(AddOnHeld(row.id, row.code, row.level, row.telephone, _features(row)), row.starts_at, row.ends_at)
            for row in by_kind["add_on"]
        ],
        policies=[Held(policies[row.id], row.starts_at) for row in by_kind["policy"]],
        windows=[
            WindowHeld(row.starts_at, row.ends_at, row.declared_at, row.called_off_at, row.code)
            for row in by_kind["window"]
        ],
    )


def _features(row: Row[Any]) -> frozenset[Feature]:
    return frozenset(feature for feature in Feature if getattr(row, feature))
