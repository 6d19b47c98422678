"""Other versions of the policy: published, or put into the catalogue as if they had been long ago."""

import json
from typing import Any

from sqlalchemy import text

from app.infra.ids import decode, new_id
from app.sla.defaults import DEFAULT_POLICY_DATA
from tests.desk import Caller, Desk, Json

_INSERT = text("""
insert into sla_policies (id, version, effective_at, definition, calendars, test_clock_id, created_at)
select :id, (select max(version) + 1 from sla_policies), cast(cast(:effective_at as text) as timestamptz),
       cast(:definition as jsonb), calendars, :test_clock_id, now()
  from sla_policies where version = 1
returning version
""")


def policy_data(**fields: Any) -> Json:
    """The desk's own policy with some of its fields replaced."""
    data: Json = json.loads(json.dumps(DEFAULT_POLICY_DATA))
    return data | fields


def policy(**targets: str) -> Json:
    """The desk's own policy with other first responses, by priority, and physical time counted."""
    data = policy_data()
    for level in data["targets"].values():
        for priority, span in targets.items():
            level[priority]["first_response"] = {"span": span, "counting": "elapsed"}
    return data


async def publish(desk: Desk, whose: Caller, wanted: Json, **more: Any) -> Json:
    """Publish a version for the test clock of a caller, or, where it has none, for everyone."""
    body = {"policy": wanted} | ({"test_clock_id": whose.clock} if whose.clock else {}) | more
    made: Json = await desk.staff.post("/sla-policies", body)
    return made


async def backdated(desk: Desk, data: Json, effective_at: str, *, clock: str | None = None) -> int:
    """Put a version in force from the past, which the API refuses, and return its number."""
    values = {
        "id": new_id(),
        "effective_at": effective_at,
        "definition": json.dumps(data),
        "test_clock_id": decode("tck", clock) if clock else None,
    }
    async with desk.database.transaction() as session:
        return int((await session.execute(_INSERT, values)).scalar_one())
