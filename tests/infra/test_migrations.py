"""Migrations, forth and back."""

from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from alembic import command
from app.infra.db import async_url
from app.infra.keyring import parse_keys
from app.sla import DEFAULT_POLICY_DATA
from tests.desk import SECRET_KEYS, Desk

_SCRIPTS = Path(__file__).parents[2] / "alembic"
_VERSIONS = text("select count(*) from sla_policies")


def _go(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    config.attributes["keyring"] = parse_keys(SECRET_KEYS)
    (command.upgrade if revision == "head" else command.downgrade)(config, revision)


async def test_a_test_clocks_own_policy_does_not_become_everyones_by_going_back(desk: Desk, database_url: str) -> None:
    clock = await desk.test_clock()
    await desk.staff.post("/sla-policies", {"policy": DEFAULT_POLICY_DATA, "test_clock_id": clock})
    engine = create_async_engine(async_url(database_url))

    async with engine.begin() as connection:
        before = await connection.scalar(_VERSIONS)
        await connection.run_sync(_go, "0004")
        after = await connection.scalar(_VERSIONS)
        await connection.run_sync(_go, "head")
    await engine.dispose()

    assert (before, after) == (2, 1)


async def test_there_is_no_way_back_for_tickets_under_a_policy_of_a_test_clock(desk: Desk, database_url: str) -> None:
    reseller = await desk.reseller()
    await desk.staff.post("/sla-policies", {"policy": DEFAULT_POLICY_DATA, "test_clock_id": reseller.clock})
    await reseller.open_ticket()
    engine = create_async_engine(async_url(database_url))

    with pytest.raises(DBAPIError, match="published for those clocks alone"):
        async with engine.begin() as connection:
            await connection.run_sync(_go, "0004")
    await engine.dispose()


async def test_going_back_to_before_lanes_leaves_no_delivery_held_for_ever(desk: Desk, database_url: str) -> None:
    await desk.staff.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    await (await desk.reseller()).open_ticket()
    await desk.publish()
    held = (await desk.staff.get("/webhook-deliveries", state="held"))["data"]
    engine = create_async_engine(async_url(database_url))

    async with engine.begin() as connection:
        await connection.run_sync(_go, "0006")
        await connection.run_sync(_go, "head")
    await engine.dispose()

    assert held
    failed = (await desk.staff.get("/webhook-deliveries", state="failed"))["data"]
    assert {one["id"] for one in failed} >= {one["id"] for one in held}
    assert all(one["finished_at"] and one["next_attempt_at"] is None for one in failed)


async def test_there_is_no_way_back_that_sends_to_a_disabled_endpoint_again(desk: Desk, database_url: str) -> None:
    endpoint = await desk.staff.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    await desk.staff.patch(f"/webhook-endpoints/{endpoint['id']}", {"state": "disabled"})
    engine = create_async_engine(async_url(database_url))

    with pytest.raises(DBAPIError, match="disabled endpoints"):
        async with engine.begin() as connection:
            await connection.run_sync(_go, "0006")
    await engine.dispose()
