"""Become the command that is given, tied to the life of the process that asked for it.

Run as a script, with the standard library alone: what has to happen between fork and exec (a view of the
files, another user, a signal for the parent's death) happens here in a fresh process, where no lock of a
thread that is gone can stop it, as it could in ``preexec_fn``.
"""

import ctypes
import json
import os
import signal
import sys
from typing import TypedDict

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000


class Plan(TypedDict):
    """What to become, and under which restraints."""

    parent: int
    death_signal: int
    deaf_to_interrupts: bool
    user: tuple[int, int] | None
    closed: str | None
    shown: str | None
    command: list[str]


def _check(result: int, deed: str) -> None:
    """Turn a C library's -1 into an error that says what was tried."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{deed}: {os.strerror(number)}")


def open_view(libc: ctypes.CDLL, closed: str, shown: str) -> None:
    """Put an empty, open folder over ``closed``, with ``shown`` in its old place; for this process alone.

    So an unprivileged user reaches one folder below a closed one (a checkout in root's home) at its own
    path, and nothing else there; nobody else sees a difference.
    """
    _check(libc.unshare(_CLONE_NEWNS), "unshare the mounts")
    _check(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "keep the mounts private")
    source = os.open(shown, os.O_PATH | os.O_DIRECTORY) if sys.platform == "linux" else -1
    _check(libc.mount(b"tmpfs", os.fsencode(closed), b"tmpfs", _MS_NOSUID | _MS_NODEV, b"mode=755"), "cover the folder")
    os.umask(0o022)
    os.makedirs(shown)  # noqa: PTH103 - pathlib's import would double the start of this script
    _check(libc.mount(b"/proc/self/fd/%d" % source, os.fsencode(shown), None, _MS_BIND, None), "show the data")
    os.close(source)


def _become(user: tuple[int, int]) -> None:
    """Drop root's rights for good."""
    uid, gid = user
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _die_with(libc: ctypes.CDLL, parent: int, death_signal: int) -> None:
    """Have the kernel send a signal when the parent dies; last, because a change of user clears it."""
    _check(libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0), "tie to the parent")
    if os.getppid() != parent:
        # It died before the kernel was asked, and so nobody would tell us.
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Carry out the plan in the only argument."""
    plan: Plan = json.loads(sys.argv[1])
    if plan["deaf_to_interrupts"]:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if plan["closed"] and plan["shown"]:
            open_view(libc, plan["closed"], plan["shown"])
        if plan["user"]:
            _become(plan["user"])
        if sys.platform == "linux":
            _die_with(libc, plan["parent"], plan["death_signal"])
        os.execvp(plan["command"][0], plan["command"])  # noqa: S606 - the command is our caller's; no shell is wanted
    except OSError as error:
        sys.exit(f"cannot run {plan['command'][0]}: {error.strerror}")


if __name__ == "__main__":
    main()
