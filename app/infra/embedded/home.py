"""The folder ``postgres/`` in the data folder, and what lies in it."""

import os
import shutil
from pathlib import Path

from app.infra.embedded.errors import EmbeddedPostgresError
from app.infra.embedded.files import open_private
from app.infra.embedded.user import User

_LOG_LIMIT = 10_000_000


class Home:
    """Paths and their owners.

    As root the folder itself stays root's, open to the database's group for passing through alone, and only
    ``data`` is the database's: so the database can plant no link where root writes.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.resolve() / "postgres"  # absolute, for PostgreSQL works elsewhere
        self.data = self.root / "data"
        self.unfinished = self.root / "data.unfinished"
        self.programs = self.root / "programs"
        self.lock = self.root / "lock"
        self.password = self.root / "password"
        self.log = self.root / "server.log"

    def make(self, user: User | None) -> None:
        """Create the folder where it is missing; the data folder keeps the owner and the mode it has."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if user is None:
                self.root.chmod(0o700)
            elif self.root.stat().st_uid == 0:
                os.chown(self.root, 0, user.gid)
                self.root.chmod(0o710)
        except OSError as error:
            raise EmbeddedPostgresError(
                f"Trunkline's database cannot be kept in {self.root}: {error.strerror}. It has to be a folder of the "
                "user who runs Trunkline; TRUNKLINE_DATA_DIR names another."
            ) from error

    def fresh_data(self, user: User | None) -> Path:
        """Return an empty folder to make a cluster in; one that was left half-made is thrown away."""
        if self.unfinished.exists():
            shutil.rmtree(self.unfinished)
        self.unfinished.mkdir(mode=0o700)
        if user is not None:
            os.chown(self.unfinished, user.uid, user.gid)
        return self.unfinished

    def adopt(self) -> None:
        """Make the finished cluster the data, in one step that a power cut cannot halve."""
        self.unfinished.rename(self.data)
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read_password(self) -> str | None:
        """Return the password, None when there is none yet."""
        try:
            fd = os.open(self.password, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        with os.fdopen(fd, encoding="ascii") as file:
            return file.read() or None

    def keep_password(self, password: str) -> None:
        """Write the password down, for the owner's eyes only."""
        with os.fdopen(open_private(self.password, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write(password)

    def open_log(self) -> int:
        """Return a descriptor that appends to the server's log, begun anew when it has grown large."""
        fd = open_private(self.log, os.O_WRONLY | os.O_APPEND)
        if os.fstat(fd).st_size > _LOG_LIMIT:
            os.ftruncate(fd, 0)
        return fd
