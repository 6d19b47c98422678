"""One owner of a data folder at a time."""

import fcntl
import os
import time
from pathlib import Path

from app.infra.embedded.errors import EmbeddedPostgresError
from app.infra.embedded.files import open_private
from app.infra.embedded.processes import is_running

_PATIENCE_WITH_THE_LIVING = 2.0  # seconds: an owner that is just stopping may be followed at once
_PATIENCE_WITH_THE_DEAD = 30.0  # its PostgreSQL is shutting down, which takes as long as a checkpoint does


class OwnerLock:
    """A lock on a file, shared with the processes that inherit its descriptor.

    PostgreSQL's processes do inherit it. So the lock is free exactly when the owner and all of these are gone:
    no number of a process has to be trusted, and there is no instant at which two may think they own the data.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    @property
    def fd(self) -> int:
        """The descriptor to hand down."""
        if self._fd is None:
            msg = "the lock is not held"
            raise RuntimeError(msg)
        return self._fd

    def take(self) -> None:
        """Take the lock, waiting for a PostgreSQL that outlives its owner.

        Raises:
            EmbeddedPostgresError: somebody else has it and keeps it.
        """
        fd = open_private(self._path, os.O_RDWR)
        try:
            self._wait(fd)
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Let go. Closed, not unlocked: unlocking would take it from those who inherited it, too."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _wait(self, fd: int) -> None:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._judge(_owner(fd), time.monotonic() - began)
                time.sleep(0.05)
            else:
                return

    def _judge(self, owner: int, waited: float) -> None:
        alive = owner > 0 and is_running(owner)
        if waited < (_PATIENCE_WITH_THE_LIVING if alive else _PATIENCE_WITH_THE_DEAD):
            return
        folder = self._path.parent
        if alive:
            raise EmbeddedPostgresError(
                f"{folder} is in use by another Trunkline (process {owner}). Stop that one first, "
                "or give this one a folder of its own in TRUNKLINE_DATA_DIR."
            )
        raise EmbeddedPostgresError(
            f"{folder} is still in use by the PostgreSQL of a Trunkline that has ended (process {owner}). "
            "Its number is the first line of data/postmaster.pid there: end it with 'kill -INT', and start again."
        )


def _owner(fd: int) -> int:
    """Return the process that last took the lock, 0 when it did not say."""
    text = os.pread(fd, 20, 0)
    return int(text) if text.isdigit() else 0
