"""Secrets of endpoints: sealed where they are kept, rotated without a gap, symmetric and asymmetric side by side."""

import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.infra.db import driver_url
from app.infra.ids import decode
from app.infra.keyring import Keyring
from app.infra.logs import configure
from app.infra.now import wall_now
from app.webhooks import signature
from tests.desk import Desk
from tests.receiver import Receiver
from tests.webhooks.sending import delivered, keys_of, make_endpoint, rotate, schemes_in, verifies


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as opened:
        yield opened


async def test_three_secrets_in_turn_all_verify_one_delivery(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, receiver.url)
    secrets = [endpoint["secret"], *[(await rotate(reseller, endpoint))["secret"] for _ in range(2)]]

    got = await delivered(desk, reseller, endpoint, receiver)

    assert len(set(secrets)) == 3
    assert all(verifies(secret, got) for secret in secrets)
    assert not verifies(signature.new_secret(), got)
    assert schemes_in(got) == ["v1", "v1", "v1"]
    content = (got.headers["webhook-id"], int(got.headers["webhook-timestamp"]), got.body)
    newest_first = signature.sign(secrets[::-1], *content)
    assert got.headers["webhook-signature"] == newest_first


async def test_a_fourth_secret_waits_for_the_oldest_to_end(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, receiver.url)
    path = f"/webhook-endpoints/{endpoint['id']}/rotate-secret"
    await rotate(reseller, endpoint, grace="P7D")
    two = await rotate(reseller, endpoint, grace="PT1H")

    refusal = await reseller.refused("POST", path, "conflict", {})

    ends = sorted(one["expires_at"] for one in two["live"] if one["expires_at"])
    assert refusal["expires_at"] == ends[0]
    assert ends[0] in refusal["detail"]
    assert [one["expires_at"] for one in two["live"]] == [None, ends[0], ends[1]]
    async with desk.database.transaction() as session:  # an hour passes
        await session.execute(text(_AN_HOUR_LATER))
    assert len((await rotate(reseller, endpoint))["live"]) == 3


_AN_HOUR_LATER = "update webhook_secrets set expires_at = expires_at - interval '61 min'"


async def test_a_compromised_secret_ends_at_once_and_so_do_all_before_it(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, receiver.url)
    old = [endpoint["secret"], *[(await rotate(reseller, endpoint))["secret"] for _ in range(2)]]

    new = await rotate(reseller, endpoint, grace="PT0S")

    got = await delivered(desk, reseller, endpoint, receiver)
    assert verifies(new["secret"], got)
    assert not any(verifies(secret, got) for secret in old)
    assert len(new["live"]) == 1
    async with desk.database.transaction() as session:
        assert await session.scalar(text("select count(*) from webhook_secrets")) == 1


async def test_a_secret_signs_until_its_grace_is_over(desk: Desk, receiver: Receiver) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, receiver.url)
    new = await rotate(reseller, endpoint, grace="PT1H")
    endpoint_id, wall = decode("whe", endpoint["id"]), wall_now()

    async with desk.database.transaction() as session:
        within = await keys_of(session, desk.keyring, [endpoint_id], wall + timedelta(minutes=59))
        after = await keys_of(session, desk.keyring, [endpoint_id], wall + timedelta(minutes=61))

    assert within == {endpoint_id: [new["secret"], endpoint["secret"]]}
    assert after == {endpoint_id: [new["secret"]]}


@pytest.mark.parametrize("grace", ["P7DT1S", "P8D", "-PT1H", "1 day", 3600, "PT", None])
async def test_a_grace_is_a_duration_of_seven_days_at_most(desk: Desk, grace: object) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    path = f"/webhook-endpoints/{endpoint['id']}/rotate-secret"

    refusal = await reseller.refused("POST", path, "validation_failed", {"grace": grace})

    assert refusal["errors"][0]["pointer"] == "/grace"
    assert len((await rotate(reseller, endpoint, grace="P7D"))["live"]) == 2


async def test_a_rotation_needs_no_body(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")

    bare = await reseller.send("POST", f"/webhook-endpoints/{endpoint['id']}/rotate-secret")

    assert bare.status_code == 200, bare.text
    assert len(bare.json()["live"]) == 2, "the grace is a day"


async def test_a_rotation_that_is_sent_twice_under_one_key_is_one(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    path = f"/webhook-endpoints/{endpoint['id']}/rotate-secret"

    first, second = [await reseller.post(path, {}, headers={"Idempotency-Key": "rotate-1"}) for _ in range(2)]

    assert first == second
    assert len(first["live"]) == 2


async def test_nothing_in_the_database_holds_a_secret(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(
        reseller, "http://127.0.0.1:9/", signature="both", headers={"Authorization": "Bearer hush-hush"}
    )
    await rotate(reseller, endpoint)
    endpoint_id = decode("whe", endpoint["id"])
    async with desk.database.transaction() as session:
        keys = (await keys_of(session, desk.keyring, [endpoint_id], wall_now()))[endpoint_id]
    connection = await asyncpg.connect(driver_url(desk.database.url))
    tables = [row[0] for row in await connection.fetch(_TABLES)]
    held = "".join([row[0] for table in tables for row in await connection.fetch(f"select t::text from {table} t")])
    await connection.close()

    assert len(keys) == 4
    for key in [*keys, "Bearer hush-hush"]:
        written = key.removeprefix("whsec_").removeprefix("whsk_")
        raw = base64.b64decode(written) if written != key else key.encode()
        for form in (written, raw[:32].hex(), written.encode().hex(), base64.b64encode(written.encode()).decode()):
            assert form not in held
    assert endpoint["public_key"] in held, "the search sees nothing"


_TABLES = """
select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and n.nspname in ('public', 'queue')
"""


async def test_a_secret_that_was_put_into_another_row_opens_no_more(desk: Desk) -> None:
    reseller = await desk.reseller()
    mine, other, third = [await make_endpoint(reseller, "http://127.0.0.1:9/") for _ in range(3)]
    ids = [decode("whe", one["id"]) for one in (mine, other, third)]
    async with desk.database.transaction() as session:
        swap = "update webhook_secrets set sealed = (select sealed from webhook_secrets where endpoint_id = :a)"
        await session.execute(text(f"{swap} where endpoint_id = :b"), {"a": ids[0], "b": ids[1]})
    with capture_logs() as logs:
        async with desk.database.transaction() as session:
            keys = await keys_of(session, desk.keyring, ids, wall_now())

    assert keys == {ids[0]: [mine["secret"]], ids[2]: [third["secret"]]}, "the others do not suffer"
    assert [log["endpoint_id"] for log in logs] == [other["id"]]


@pytest.fixture
def logging() -> Iterator[None]:
    """Logs as a desk has them that was told nothing about them."""
    configure("INFO")
    yield
    configure("ERROR")


@pytest.mark.usefixtures("logging")
async def test_who_reads_and_who_rotates_a_secret_is_recorded(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    with capture_logs() as logs:
        read = await reseller.get(f"/webhook-endpoints/{endpoint['id']}/secret")
        await rotate(reseller, endpoint, grace="PT0S")
        await desk.staff.get(f"/webhook-endpoints/{endpoint['id']}/secret")

    assert [log["event"] for log in logs] == ["webhook secret read", "webhook secret rotated", "webhook secret read"]
    assert {log["endpoint_id"] for log in logs} == {endpoint["id"]}
    assert logs[0]["api_key_id"] == logs[1]["api_key_id"] != logs[2]["api_key_id"]
    assert logs[0]["reseller_id"] == reseller.id != logs[2]["reseller_id"]
    assert read["secret"] not in json.dumps(logs)


@pytest.mark.usefixtures("logging")
async def test_a_rotation_that_is_not_committed_is_not_recorded(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    owner = await asyncpg.connect(driver_url(desk.database.url))
    await owner.execute(_REFUSED_AT_COMMIT)
    await owner.close()

    with capture_logs() as logs:
        await reseller.refused("POST", f"/webhook-endpoints/{endpoint['id']}/rotate-secret", "internal_error", {})

    assert "webhook secret rotated" not in [log["event"] for log in logs]
    assert (await reseller.get(f"/webhook-endpoints/{endpoint['id']}/secret"))["secret"] == endpoint["secret"]


_REFUSED_AT_COMMIT = """
create function refuse() returns trigger language plpgsql as $$ begin raise 'not today'; end $$;
create constraint trigger refuse after insert on webhook_secrets deferrable initially deferred
  for each row execute function refuse()
"""


@pytest.mark.usefixtures("logging")
async def test_a_secret_that_does_not_open_is_refused_with_the_way_to_a_new_one(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    path = f"/webhook-endpoints/{endpoint['id']}"
    async with desk.database.transaction() as session:
        await session.execute(text(r"update webhook_secrets set sealed = sealed || '\x00'"))

    with capture_logs() as logs:
        problem = await reseller.refused("GET", f"{path}/secret", "conflict")

    assert f"POST /v1{path}/rotate-secret" in problem["detail"]
    assert [log["event"] for log in logs] == ["a secret does not open"], "it was not read"
    fresh = await rotate(reseller, endpoint, grace="PT0S", signature="v1")
    assert (await reseller.get(f"{path}/secret"))["secret"] == fresh["secret"] != endpoint["secret"]


async def test_a_secret_whose_key_is_missing_names_the_key_for_the_operator_and_shows_none(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    key = os.urandom(32)
    desk.app.state.desk = replace(desk.app.state.desk, keyring=Keyring({"new": key}))

    with capture_logs() as logs:
        problem = await reseller.refused("GET", f"/webhook-endpoints/{endpoint['id']}/secret", "unavailable")

    assert "'tests', which is not in TRUNKLINE_SECRET_KEYS: put that key back" in problem["detail"]
    assert [log["event"] for log in logs] == ["a key is missing"]
    assert not any(written in f"{problem}{logs}" for written in (key.hex(), base64.b64encode(key).decode()))


async def test_the_secrets_of_an_endpoint_go_with_it(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/", signature="both")

    await reseller.send("DELETE", f"/webhook-endpoints/{endpoint['id']}")

    async with desk.database.transaction() as session:
        assert await session.scalar(text("select count(*) from webhook_secrets")) == 0
    await desk.caller(None).refused("GET", f"/webhook-endpoints/{endpoint['id']}/keys", "not_found")


async def test_secrets_whose_grace_is_over_are_forgotten(desk: Desk) -> None:
    reseller = await desk.reseller()
    endpoint = await make_endpoint(reseller, "http://127.0.0.1:9/")
    await rotate(reseller, endpoint, grace="PT1H")

    await desk.worker.keep_house(wall_now() + timedelta(minutes=59))
    async with desk.database.transaction() as session:
        within = await session.scalar(text("select count(*) from webhook_secrets"))
    await desk.worker.keep_house(wall_now() + timedelta(minutes=61))
    async with desk.database.transaction() as session:
        after = await session.scalar(text("select count(*) from webhook_secrets"))

    assert (within, after) == (2, 1)
