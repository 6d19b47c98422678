"""Running PostgreSQL's programs: as the right user, in an environment of their own, tied to this process."""

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.infra.embedded.bound import Confinement, bound_to_parent
from app.infra.embedded.errors import EmbeddedPostgresError

_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
OLDEST = 15


@dataclass(frozen=True)
class Programs:
    """The programs of one bin folder, and how they are run. Each inherits the owner's lock."""

    bin_dir: Path
    confinement: Confinement
    lock: int

    def run(self, name: str, arguments: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return what it said."""
        return subprocess.run(  # noqa: S603 - PostgreSQL's own programs, arguments without a shell
            self._bound(name, arguments),
            input=text,
            text=True,
            errors="replace",
            capture_output=True,
            check=False,
            env=environment(),
            cwd="/",
            start_new_session=True,
            pass_fds=(self.lock,),
        )

    def start(self, name: str, arguments: Sequence[str], log: int) -> subprocess.Popen[bytes]:
        """Start a program that stays."""
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs, arguments without a shell
            self._bound(name, arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(),
            cwd="/",
            start_new_session=True,
            pass_fds=(self.lock,),
        )

    def _bound(self, name: str, arguments: Sequence[str]) -> list[str]:
        command = [str(self.bin_dir / name), *arguments]
        # SIGINT is PostgreSQL's fast shutdown: connections are closed, and what was committed is kept in order.
        return bound_to_parent(command, death_signal=signal.SIGINT, confinement=self.confinement)


def environment() -> dict[str, str]:
    """Return a plain environment: no PG* variable, zone or language of the caller's steers the server."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def major_of(bin_dir: Path) -> int:
    """Return the major version of the PostgreSQL in a bin folder.

    Raises:
        EmbeddedPostgresError: it does not run here, or is too old.
    """
    command = [str(bin_dir / "postgres"), "-V"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())  # noqa: S603 - no shell
    except OSError as error:
        raise EmbeddedPostgresError(f"{command[0]} does not run on this machine: {error.strerror}.") from error
    found = re.match(r"postgres \(PostgreSQL\) (\d+)", said.stdout)
    if found is None:
        raise EmbeddedPostgresError(
            f"{command[0]} does not run on this machine: {(said.stderr or said.stdout).strip()}"
        )
    if int(found[1]) < OLDEST:
        raise EmbeddedPostgresError(f"{command[0]} is PostgreSQL {found[1]}; Trunkline needs {OLDEST} or later.")
    return int(found[1])
