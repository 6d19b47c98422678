"""What is said, in a line, when a process cannot start; and that it ends in order."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import asyncpg
import httpx
import pytest

from app.infra.db import driver_url
from app.infra.ids import new_id
from app.infra.migrations import DatabaseUnready, migrate
from app.infra.now import wall_now
from app.infra.settings import SettingsError, load_settings
from tests.stories.processes import free_port, start

_ROOT = Path(__file__).parents[2]


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(driver_url(database_url))
    yield connection
    await connection.close()


@pytest.fixture
async def plain_url(database_url: str, owner: asyncpg.Connection) -> AsyncIterator[str]:
    """An empty database of a user without rights beyond it, in the cluster of another desk."""
    name = f"plain_{new_id().hex}"
    await owner.execute(f"create role {name} login password 'plain'")
    await owner.execute(f"create database {name} owner {name}")
    server = database_url.rpartition("/")[0].rpartition("@")[2]
    yield f"postgresql://{name}:plain@{server}/{name}"
    await owner.execute(f"drop database {name} with (force)")
    await owner.execute(f"drop role {name}")


async def _run(command: str, **environment: str) -> tuple[int, list[str]]:
    """Run a command to its end; return its code and what it said."""
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app", command],
        cwd=_ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    return ended.returncode, (ended.stdout + ended.stderr).splitlines()


@pytest.mark.parametrize("command", ["api", "worker"])
async def test_a_database_that_is_not_migrated_is_named(plain_url: str, command: str) -> None:
    code, said = await _run(command, DATABASE_URL=plain_url, TRUNKLINE_PORT=str(free_port()))

    assert (code, said) == (2, ["trunkline: the database is not migrated: run 'trunkline migrate' first"])


async def test_an_api_whose_database_is_away_says_so(tmp_path: Path) -> None:
    code, said = await _run("api", DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")

    assert (code, len(said)) == (2, 1), tmp_path
    assert "is not to be reached" in said[0]


async def test_a_second_desk_of_another_user_needs_the_roles_and_is_told_so(
    plain_url: str, owner: asyncpg.Connection
) -> None:
    user = plain_url.rpartition("/")[2]

    code, said = await _run("migrate", DATABASE_URL=plain_url)
    await owner.execute(f"grant trunkline_tenant, trunkline_operator to {user}")
    await migrate(plain_url, wall_now())

    assert (code, len(said)) == (2, 1)
    assert f"grant trunkline_tenant, trunkline_operator to {user}" in said[0]
    assert "CREATEROLE" in said[0]


async def test_a_user_that_does_not_own_its_database_is_told_what_it_lacks(
    plain_url: str, owner: asyncpg.Connection
) -> None:
    await owner.execute(f"alter database {plain_url.rpartition('/')[2]} owner to current_user")

    with pytest.raises(DatabaseUnready, match="must own the database"):
        await migrate(plain_url, wall_now())


@contextmanager
def _somebody_ready() -> Iterator[int]:
    """Somebody else's server, which answers whatever it is asked with 200."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Ready)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("command", ["run", "api"])
async def test_a_port_on_which_another_answers_is_not_taken_for_our_own(
    database_url: str, tmp_path: Path, command: str
) -> None:
    with _somebody_ready() as port:
        environment = {"DATABASE_URL": database_url, "TRUNKLINE_PORT": str(port), "TRUNKLINE_DATA_DIR": str(tmp_path)}
        code, said = await _run(command, **environment)

    assert (code, len(said)) == (2, 1)
    assert f"port {port} " in said[0]
    assert "TRUNKLINE_PORT" in said[0]


async def test_an_api_that_is_told_to_stop_has_not_failed(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    process = start("api", {"DATABASE_URL": database_url, "TRUNKLINE_PORT": str(port)}, tmp_path / "log")
    async with asyncio.timeout(40), httpx.AsyncClient() as client:
        while process.poll() is None:
            try:
                assert (await client.get(f"http://127.0.0.1:{port}/healthz")).is_success
                break
            except httpx.TransportError:
                await asyncio.sleep(0.05)

    process.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(process.wait, 20) == 0
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRUNKLINE_LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("TRUNKLINE_BOOTSTRAP_KEY", "too short", "32 or more characters, each a letter, a digit or one of _ ~ . -"),
        ("TRUNKLINE_WEBHOOK_ALLOWED_NETWORKS", "everywhere", "everywhere"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as refusal:
        load_settings()

    said = str(refusal.value)
    assert said.startswith(f"{name}: ")
    assert told in said
    assert "pattern" not in said
    assert "Value error" not in said
