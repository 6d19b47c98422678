"""What the tests share: one PostgreSQL for the run, a migrated template in it, and a database of its own per test."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from app.bootstrap import prepare
from app.infra.db import driver_url
from app.infra.embedded import EmbeddedPostgres
from app.infra.ids import new_id
from app.infra.logs import configure
from tests.desk import SECRET_KEYS, Desk, open_test_desk

_CLUSTER = "TRUNKLINE_TEST_CLUSTER"
STAFF_KEY = "tls_a-staff-key-for-tests-and-for-nothing-else"
_held = contextlib.ExitStack()
settings.register_profile("desk", deadline=None)  # a machine that is busy makes no test fail
settings.load_profile("desk")
configure("ERROR")
os.environ.setdefault("TRUNKLINE_SECRET_KEYS", SECRET_KEYS)  # of the processes that tests start


def pytest_configure(config: pytest.Config) -> None:
    """Start the cluster in the controller; the workers find it in the environment."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = _held.enter_context(tempfile.TemporaryDirectory(prefix="trunkline-tests-"))
    Path(folder).chmod(0o755)
    postgres = _held.enter_context(EmbeddedPostgres(Path(folder), fast=True))
    asyncio.run(prepare(postgres.url, STAFF_KEY))
    os.environ[_CLUSTER] = postgres.url


def pytest_unconfigure() -> None:
    """Stop the cluster and forget it."""
    _held.close()


async def _on_cluster(statement: str) -> None:
    # Statements about databases run beside them, since a template may have no connection while it is copied.
    connection = await asyncpg.connect(driver_url(os.environ[_CLUSTER]).rpartition("/")[0] + "/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database_url() -> AsyncIterator[str]:
    """A database of the test's own, migrated, with the catalogue in it and a staff key."""
    url = driver_url(os.environ[_CLUSTER])
    server, _, template = url.rpartition("/")
    name = f"test_{new_id().hex}"
    await _on_cluster(f'create database {name} template "{template}" strategy wal_log')
    yield f"{server}/{name}"
    await _on_cluster(f"drop database {name} with (force)")


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """The whole desk in this process: the API without a network, and a worker's rounds run by hand."""
    async with open_test_desk(database_url, STAFF_KEY) as opened:
        yield opened


@pytest.fixture
def data() -> Path:
    """The folder of the cases."""
    return Path(__file__).parent / "data"
