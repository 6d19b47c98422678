"""Secrets of sources are sealed with the desk's ring of keys: it may change under them, and they open nowhere else."""

import base64
import os
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from app.alarms.secrets import opened, sealed
from app.infra.db import driver_url
from app.infra.ids import decode, new_id
from app.infra.keyring import Keyring, SealBroken, UnknownKey, parse_keys
from app.infra.rewrapping import check_ring, rewrap
from app.infra.settings import SettingsError
from app.registry import METADATA, SEALED
from app.webhooks.signature import new_secret
from tests.alarms.reporting import report, send_signed
from tests.desk import SECRET_KEYS, Desk, Json

OLD = parse_keys(SECRET_KEYS)
_NEW = "new:" + base64.b64encode(bytes(range(32, 64))).decode()
BOTH, ALONE = parse_keys(f"{_NEW},{SECRET_KEYS}"), parse_keys(_NEW)
_SPOIL = text(r"update alarm_sources set secret = secret || '\x00' where id = :id")


async def _sources(desk: Desk, count: int) -> list[Json]:
    reseller = await desk.reseller()
    return [await reseller.post("/alarm-sources", {"name": f"Monitoring {number}"}) for number in range(count)]


def _hold(desk: Desk, ring: Keyring) -> None:
    desk.app.state.desk = replace(desk.app.state.desk, keyring=ring)


async def test_a_key_that_a_source_needs_is_missed_at_the_start(desk: Desk) -> None:
    await _sources(desk, 1)

    await check_ring(desk.database.url, BOTH, SEALED)
    with pytest.raises(SettingsError, match="lacks the key 'tests'"):
        await check_ring(desk.database.url, ALONE, SEALED)
    with pytest.raises(UnknownKey, match="'tests'"):
        await rewrap(desk.database.url, ALONE, SEALED)


async def test_a_database_without_the_table_is_no_reason_not_to_start(desk: Desk) -> None:
    await desk.staff.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
    owner = await asyncpg.connect(driver_url(desk.database.url))
    await owner.execute("drop table alarm_sources cascade")
    await owner.close()

    await check_ring(desk.database.url, OLD, SEALED)
    with pytest.raises(SettingsError, match="lacks the key 'tests'"):
        await check_ring(desk.database.url, ALONE, SEALED)


async def test_the_ring_is_changed_and_sources_go_on_signing_without_the_old_key(desk: Desk) -> None:
    sources = await _sources(desk, 3)

    first = await rewrap(desk.database.url, BOTH, SEALED, size=2)
    again = await rewrap(desk.database.url, BOTH, SEALED, size=2)
    await check_ring(desk.database.url, ALONE, SEALED)
    _hold(desk, ALONE)

    assert (first.done, first.broken, first.in_use, again.done) == (3, 0, ("new",), 0)
    assert "No longer needed, except for older backups: tests." in first.said(BOTH)
    assert [(await send_signed(desk, one, report())).status_code for one in sources] == [200] * 3


async def test_a_source_that_does_not_open_is_left_named_and_keeps_its_key_in_use(desk: Desk) -> None:
    _, broken = await _sources(desk, 2)
    async with desk.database.transaction() as session:
        await session.execute(_SPOIL, {"id": decode("als", broken["id"])})

    with capture_logs() as logs:
        made = await rewrap(desk.database.url, BOTH, SEALED)

    assert (made.done, made.broken, made.in_use) == (1, 1, ("new", "tests"))
    assert [log["source_id"] for log in logs] == [broken["id"]]
    assert "No longer needed" not in made.said(BOTH)


async def test_nothing_in_any_table_is_sealed_with_a_key_that_is_called_free(desk: Desk) -> None:
    await _sources(desk, 1)
    body = {"url": "http://127.0.0.1:9/", "signature": "both", "headers": {"Authorization": "Bearer one"}}
    await desk.staff.post("/webhook-endpoints", body)
    before = await _tables_sealed_with(desk, "tests")

    made = await rewrap(desk.database.url, BOTH, SEALED)

    assert before == {"alarm_sources", "webhook_endpoints", "webhook_secrets"}
    assert "tests" not in made.in_use
    assert await _tables_sealed_with(desk, "tests") == set()


async def _tables_sealed_with(desk: Desk, key_id: str) -> set[str]:
    """Look through all that there is for how a key's sealed bytes begin, as bytes and in base64."""
    head = bytes([1, len(key_id)]) + key_id.encode()
    found = set()
    async with desk.database.transaction() as session:
        for table in METADATA.sorted_tables:
            query = text(f"select t::text from {table.name} t")
            rows = " ".join((await session.scalars(query)).all())
            if head.hex() in rows or base64.b64encode(head)[:-3].decode() in rows:
                found.add(table.name)
    return found


def test_a_secret_opens_for_its_own_source_alone_and_for_no_other_table() -> None:
    secret, mine = new_secret(), new_id()
    kept = sealed(OLD, mine, secret)

    assert opened(OLD, mine, kept) == secret
    for other in (lambda: opened(OLD, new_id(), kept), lambda: OLD.open(kept, mine.bytes)):
        with pytest.raises(SealBroken):
            other()


async def test_a_secret_that_was_moved_is_refused_with_what_is_to_be_done(desk: Desk) -> None:
    mine, other = await _sources(desk, 2)
    move = "update alarm_sources set secret = (select secret from alarm_sources where id = :a) where id = :b"
    async with desk.database.transaction() as session:
        await session.execute(text(move), {"a": decode("als", mine["id"]), "b": decode("als", other["id"])})

    with capture_logs() as logs:
        answer = await send_signed(desk, other | {"secret": mine["secret"]}, report())

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "make another" in answer.json()["detail"]
    assert [log["source_id"] for log in logs] == [other["id"]]
    assert (await send_signed(desk, mine, report())).status_code == 200


async def test_a_key_that_is_missing_keeps_senders_waiting_and_tells_the_operator(desk: Desk) -> None:
    (source,) = await _sources(desk, 1)
    _hold(desk, Keyring({"new": os.urandom(32)}))

    with capture_logs() as logs:
        answer = await send_signed(desk, source, report())

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "'tests', which is not in TRUNKLINE_SECRET_KEYS" in answer.json()["detail"]
    assert [log["event"] for log in logs] == ["a key is missing"]
    _hold(desk, OLD)
    assert (await send_signed(desk, source, report())).status_code == 200
