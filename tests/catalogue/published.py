"""Puts another version of the policy into the desk's catalogue, as if it had been published."""

import json
from typing import Any

from sqlalchemy import text

from app.infra.ids import decode, new_id
from app.sla.defaults import DEFAULT_POLICY_DATA
from tests.desk import Desk

_INSERT = text("""
insert into sla_policies (id, version, effective_at, definition, calendars, note, test_clock_id, created_at)
select :id, (select max(version) + 1 from sla_policies), cast(cast(:effective_at as text) as timestamptz),
       cast(:definition as jsonb), calendars, :note, :test_clock_id, now()
  from sla_policies where version = 1
returning version
""")


def policy_data(**fields: Any) -> dict[str, Any]:
    """The desk's own policy with some of its fields replaced."""
    data: dict[str, Any] = json.loads(json.dumps(DEFAULT_POLICY_DATA))
    return data | fields


async def published(
    desk: Desk, data: dict[str, Any], effective_at: str, *, note: str | None = None, clock: str | None = None
) -> int:
    """Publish a version and return its number."""
    values = {
        "id": new_id(),
        "effective_at": effective_at,
        "definition": json.dumps(data),
        "note": note,
        "test_clock_id": decode("tck", clock) if clock else None,
    }
    async with desk.database.transaction() as session:
        return int((await session.execute(_INSERT, values)).scalar_one())
