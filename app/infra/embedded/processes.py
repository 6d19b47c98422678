"""What can be known of a process by its number, which may long since belong to another."""

import os
import subprocess
import sys
from pathlib import Path


def exists(pid: int) -> bool:
    """Tell whether the number is taken, be it by a zombie or another user's process."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def is_running(pid: int) -> bool:
    """Tell whether the process runs: a zombie has ended, though its number is still taken."""
    return exists(pid) and _state(pid) not in {"", "Z"}


def works_in(pid: int, directory: Path) -> bool:
    """Tell whether the process may be PostgreSQL at work on ``directory``, which is where each of its processes is."""
    if not is_running(pid):
        return False
    if sys.platform != "linux":
        return "postgres" in _ps(pid, "comm")
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        # Gone meanwhile; or another user's, who could not have opened our files.
        return False


def _state(pid: int) -> str:
    """Return the letter of the process's state, nothing when it is gone."""
    if sys.platform != "linux":
        return _ps(pid, "stat")[:1]
    try:
        # The name stands in parentheses and may hold any character, a parenthesis too.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _ps(pid: int, column: str) -> str:
    """Ask ps, where there is no /proc."""
    command = ["/bin/ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - numbers only
