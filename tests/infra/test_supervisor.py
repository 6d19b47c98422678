"""The supervisor over trivial children, in a process of its own as at a terminal."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app import supervisor

ROOT = Path(__file__).parents[2]

SUPERVISED = """
import json, os, sys
from pathlib import Path
from app import supervisor
folder = Path(sys.argv[1])
sys.exit(supervisor.run(
    json.loads(sys.argv[2]), os.environ,
    ready=lambda: any(folder.glob("up-*")),
    on_ready=lambda: (folder / "ready").touch(),
    alive=lambda: not (folder / "database-gone").exists(),
))
"""

# Says under its number that it is up; ends in order on a signal, and says so.
POLITE = """
import os, pathlib, signal, sys, time
def end(number, frame):
    pathlib.Path(f"ended-{os.getpid()}").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, signal.SIG_IGN)
pathlib.Path(f"up-{os.getpid()}").touch()
time.sleep(60)
"""
DEAF = """
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
pathlib.Path(f"up-{os.getpid()}").touch()
time.sleep(60)
"""


def eventually(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass in time"
        time.sleep(0.02)


def pids(folder: Path, word: str) -> set[int]:
    return {int(path.name.partition("-")[2]) for path in folder.glob(f"{word}-*")}


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@contextmanager
def supervised(folder: Path, **children: str) -> Iterator[subprocess.Popen[bytes]]:
    """Supervise Python programs in a group of their own, like a terminal's foreground job."""
    commands = {name: [sys.executable, "-c", program] for name, program in children.items()}
    command = [sys.executable, "-c", SUPERVISED, str(folder), json.dumps(commands)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=folder, env=environment, start_new_session=True, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def said(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    return process.stderr.read().decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_children_in_order_and_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path, api=POLITE, worker=POLITE) as process:
        eventually(lambda: len(pids(tmp_path, "up")) == 2 and (tmp_path / "ready").exists())
        assert {os.getpgid(pid) for pid in pids(tmp_path, "up")} == {process.pid}
        process.send_signal(number)
        assert process.wait(5) == 0
        assert pids(tmp_path, "ended") == pids(tmp_path, "up")


def test_ctrl_c_while_the_children_are_still_starting_is_silent(tmp_path: Path) -> None:
    with supervised(tmp_path, api="import time; time.sleep(60)", worker="import time; time.sleep(60)") as process:
        eventually(lambda: len(children_of(process.pid)) == 2)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(5) == 0
        assert said(process) == ""


def test_a_second_ctrl_c_kills_at_once(tmp_path: Path) -> None:
    with supervised(tmp_path, api=DEAF) as process:
        eventually((tmp_path / "ready").exists)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(5) == 0
        assert all(gone(pid) for pid in pids(tmp_path, "up"))


def test_one_request_heard_twice_is_not_a_second_one(tmp_path: Path) -> None:
    with supervised(tmp_path, api=DEAF) as process:
        eventually((tmp_path / "ready").exists)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert not any(gone(pid) for pid in pids(tmp_path, "up"))


def test_a_child_that_is_killed_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    with supervised(tmp_path, api=POLITE, worker=POLITE) as process:
        eventually(lambda: len(pids(tmp_path, "up")) == 2 and (tmp_path / "ready").exists())
        victim, other = pids(tmp_path, "up")
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(pids(tmp_path, "up")) == 3)
        assert not gone(other)
        process.terminate()
        assert process.wait(5) == 0
        assert "ended (exit code 137); starting it again" in said(process)


def test_a_child_that_cannot_start_ends_everything_with_its_code(tmp_path: Path) -> None:
    with supervised(tmp_path, api="import sys; sys.exit(3)", worker="import time; time.sleep(60)") as process:
        assert process.wait(5) == 3
        assert "api could not start (exit code 3)" in said(process)


def test_a_child_that_keeps_failing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_BACK_OFF", (0.01,))
    monkeypatch.chdir(tmp_path)
    failing = "import os, sys; open('runs', 'a').write('x'); sys.exit(4)"
    commands = {"worker": [sys.executable, "-c", failing], "api": [sys.executable, "-c", POLITE]}
    assert supervisor.run(commands, os.environ) == 4
    assert (tmp_path / "runs").read_text() == "x" * 6
    assert all(gone(pid) for pid in pids(tmp_path, "up"))


def test_the_children_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, api=POLITE, worker=POLITE) as process:
        eventually(lambda: len(pids(tmp_path, "up")) == 2)
        process.kill()
        eventually(lambda: pids(tmp_path, "ended") == pids(tmp_path, "up"))


def test_nothing_runs_on_without_the_database(tmp_path: Path) -> None:
    with supervised(tmp_path, api=POLITE) as process:
        eventually((tmp_path / "ready").exists)
        (tmp_path / "database-gone").touch()
        assert process.wait(5) == 1
        assert pids(tmp_path, "ended") == pids(tmp_path, "up")
