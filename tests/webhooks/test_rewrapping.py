"""The key that secrets are sealed with can be changed while the desk runs, and an older one then be dropped."""

import asyncio
import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from standardwebhooks import Webhook

from alembic import command
from app.infra.db import async_url
from app.infra.ids import decode
from app.infra.keyring import Keyring, UnknownKey, key_id_of, parse_keys
from app.infra.migrations import DatabaseUnready, _config, migrate
from app.infra.now import wall_now
from app.infra.outbound.addresses import parse_networks
from app.infra.outbound.send import Sender
from app.infra.rewrapping import check_ring, rewrap
from app.infra.settings import SettingsError
from app.registry import SEALED
from app.webhooks.serving import Server
from tests.desk import SECRET_KEYS, Desk, Json
from tests.receiver import Receiver
from tests.webhooks.sending import keys_of

_ROOT = Path(__file__).parents[2]
NEW = "new:" + base64.b64encode(bytes(range(32, 64))).decode()


async def _endpoints(desk: Desk, count: int, url: str = "http://127.0.0.1:9/") -> list[Json]:
    reseller = await desk.reseller()
    body = {"url": url, "signature": "both", "headers": {"Authorization": "Bearer one"}}
    return [await reseller.post("/webhook-endpoints", body) for _ in range(count)]


async def test_the_ring_is_changed_and_the_old_key_dropped_and_deliveries_still_sign(desk: Desk) -> None:
    async with Receiver() as receiver:
        (endpoint,) = await _endpoints(desk, 1, receiver.url)
        await desk.staff.post(f"/webhook-endpoints/{endpoint['id']}/ping")
        await desk.publish()
        both, alone = parse_keys(f"{NEW},{SECRET_KEYS}"), parse_keys(NEW)
        with pytest.raises(SettingsError, match="lacks the key 'tests'"):
            await check_ring(desk.database.url, alone, SEALED)
        await check_ring(desk.database.url, both, SEALED)

        made = await rewrap(desk.database.url, both, SEALED)
        await check_ring(desk.database.url, alone, SEALED)
        async with Sender(parse_networks("127.0.0.0/8"), total_seconds=5) as sender:
            await desk.serve(Server(desk.database, sender, alone))

        assert (made.done, made.broken, made.in_use) == (3, 0, ("new",))
        assert "No longer needed, except for older backups: tests." in made.said(both)
        assert receiver.requests
        for got in receiver.requests:  # two, where the first ping of a new endpoint has fallen due meanwhile
            Webhook(endpoint["secret"]).verify(got.body, got.headers)
            assert got.headers["authorization"] == "Bearer one"


async def test_it_goes_by_batches_tells_how_far_it_is_and_does_nothing_twice(desk: Desk) -> None:
    await _endpoints(desk, 3)
    ring, told = parse_keys(f"{NEW},{SECRET_KEYS}"), []

    first = await rewrap(desk.database.url, ring, SEALED, lambda done, total: told.append((done, total)), size=2)
    again = await rewrap(desk.database.url, ring, SEALED, size=2)

    assert (first.done, again.done) == (9, 0)
    assert told[-1] == (9, 9)
    assert len(told) >= 5
    assert sorted(told) == told


async def test_what_was_stopped_goes_on_with_what_is_left(desk: Desk) -> None:
    endpoints = await _endpoints(desk, 3)
    ring = parse_keys(f"{NEW},{SECRET_KEYS}")

    def stop(done: int, total: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt(total)

    with pytest.raises(KeyboardInterrupt):
        await rewrap(desk.database.url, ring, SEALED, stop, size=2)
    rest = await rewrap(desk.database.url, ring, SEALED, size=2)

    assert rest.done == 7
    ids = [decode("whe", one["id"]) for one in endpoints]
    async with desk.database.transaction() as session:
        keys = await keys_of(session, parse_keys(NEW), ids, wall_now())
    assert all(one["secret"] in keys[endpoint_id] for one, endpoint_id in zip(endpoints, ids, strict=True))


async def test_a_row_that_does_not_open_is_left_and_its_key_stays_in_use(desk: Desk) -> None:
    await _endpoints(desk, 2)
    async with desk.database.transaction() as session:
        await session.execute(text(_SPOIL))
    ring = parse_keys(f"{NEW},{SECRET_KEYS}")

    made = await rewrap(desk.database.url, ring, SEALED)

    assert (made.done, made.broken, made.in_use) == (5, 1, ("new", "tests"))
    assert "No longer needed" not in made.said(ring)


_SPOIL = r"""
update webhook_secrets set sealed = sealed || '\x00' where id = (select id from webhook_secrets order by id limit 1)
"""


async def test_a_key_that_is_missing_is_named_and_nothing_is_lost(desk: Desk) -> None:
    await _endpoints(desk, 1)

    with pytest.raises(UnknownKey, match="'tests'"):
        await rewrap(desk.database.url, parse_keys(NEW), SEALED)

    assert (await rewrap(desk.database.url, parse_keys(SECRET_KEYS), SEALED)).in_use == ("tests",)


@pytest.mark.parametrize(
    ("command", "keys", "code", "said"),
    [
        ("rewrap-secrets", f"{NEW},{SECRET_KEYS}", 0, "Keys in use: new."),
        ("rewrap-secrets", NEW, 2, "trunkline: a secret is sealed with the key 'tests'"),
        ("rewrap-secrets", "", 2, "trunkline: TRUNKLINE_SECRET_KEYS is not set"),
        ("api", "", 2, "trunkline: TRUNKLINE_SECRET_KEYS is not set"),
        ("worker", "new:short", 2, "trunkline: TRUNKLINE_SECRET_KEYS: "),
        ("worker", NEW, 2, "trunkline: TRUNKLINE_SECRET_KEYS lacks the key 'tests'"),
    ],
)
async def test_the_commands_say_in_a_line_what_is_missing(
    desk: Desk, command: str, keys: str, code: int, said: str
) -> None:
    await _endpoints(desk, 1)

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app", command],
        cwd=_ROOT,
        env={**os.environ, "DATABASE_URL": desk.database.url, "TRUNKLINE_SECRET_KEYS": keys},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr


async def test_what_an_older_release_kept_readable_is_sealed_when_the_database_is_migrated(desk: Desk) -> None:
    (both,) = await _endpoints(desk, 1)
    asymmetric = await desk.staff.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/", "signature": "v1a"})
    ring, url = parse_keys(SECRET_KEYS), desk.database.url
    await desk.database.close()
    await _downgrade(url, ring)
    async with desk.database.transaction() as session:
        before = (await session.execute(text("select id, secrets[1] from webhook_endpoints"))).all()

    with pytest.raises(DatabaseUnready, match="TRUNKLINE_SECRET_KEYS"):
        await migrate(url, wall_now())
    await migrate(url, wall_now(), ring)

    ids = [decode("whe", one["id"]) for one in (both, asymmetric)]
    async with desk.database.transaction() as session:
        keys = await keys_of(session, ring, ids, wall_now())
        sealed = (await session.scalars(text("select sealed from webhook_secrets"))).all()
    assert keys == {row[0]: [row[1]] for row in before}
    assert keys[ids[0]] == [both["secret"]]
    assert {key_id_of(one) for one in sealed} == {"tests"}


async def _downgrade(url: str, ring: Keyring) -> None:
    before = ScriptDirectory.from_config(_config()).get_revision("0008").down_revision
    engine = create_async_engine(async_url(url))
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync, ring), str(before)))
        await connection.commit()
    await engine.dispose()
