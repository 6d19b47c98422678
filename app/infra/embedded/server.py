"""The launcher: PostgreSQL from nothing to a URL, and back."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from app.infra.embedded.choice import choose
from app.infra.embedded.cluster import NAME, ensure_cluster
from app.infra.embedded.errors import EmbeddedPostgresError
from app.infra.embedded.home import Home
from app.infra.embedded.lock import OwnerLock
from app.infra.embedded.pidfile import clear_stale, is_ready
from app.infra.embedded.programs import Programs
from app.infra.embedded.user import user_for
from app.infra.ports import free_port

_START_LIMIT = 600.0  # seconds: after a crash PostgreSQL first replays its log, which is worth waiting for
_STOP_LIMIT = 30.0
_PORT_TRIES = 5
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_checkpoints": "off",
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """PostgreSQL as a child of this process, on ``<data_dir>/postgres/``.

    ``fast`` is for data that may be lost, such as a test's. ``bin_dir`` names the programs instead of the wheel's.
    To be started from the main thread: the kernel ties the child to the life of the thread that makes it.
    """

    def __init__(self, data_dir: Path, *, fast: bool = False, bin_dir: Path | None = None) -> None:
        self._home = Home(data_dir)
        self._fast = fast
        self._bin_dir = bin_dir
        self._lock = OwnerLock(self._home.lock)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> str:
        """Start, after making or recovering what there is, and return the URL of the database.

        Raises:
            EmbeddedPostgresError: it cannot be; the message is for the person at the terminal.
        """
        if threading.current_thread() is not threading.main_thread() or self._process:
            msg = "an EmbeddedPostgres is started once, from the main thread"
            raise RuntimeError(msg)
        user = user_for(self._home.data, self._home.root)
        self._home.make(user)
        self._lock.take()
        try:
            programs = choose(self._home, self._bin_dir, user, self._lock.fd)
            clear_stale(self._home.data)
            password = ensure_cluster(self._home, programs, user, fast=self._fast)
            port = self._launch(programs)
        except BaseException:
            self.stop()
            raise
        self.url = f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{NAME}"
        return self.url

    @property
    def pid(self) -> int:
        """The number of PostgreSQL's first process, 0 when there is none."""
        return self._process.pid if self._process else 0

    def alive(self) -> bool:
        """Tell whether PostgreSQL still runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Shut down, keeping everything that was committed; at once where there is nothing to stop."""
        if self._process:
            for request, patience in ((signal.SIGINT, _STOP_LIMIT), (signal.SIGQUIT, 5.0), (signal.SIGKILL, None)):
                self._process.send_signal(request)
                try:
                    self._process.wait(patience)
                    break
                except subprocess.TimeoutExpired:
                    continue
        self._process = None
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _launch(self, programs: Programs) -> int:
        """Start the server on a free port and return it; another port when that was taken meanwhile."""
        said = ""
        for _ in range(_PORT_TRIES):
            port = free_port()
            log = self._home.open_log()
            try:
                begin = os.fstat(log).st_size
                self._process = programs.start("postgres", self._arguments(port), log)
            finally:
                os.close(log)
            if self._await_ready(self._process, port):
                return port
            self._process = None
            said = self._home.log.read_bytes()[begin:].decode(errors="replace")
            if "Address already in use" not in said:
                break
        raise EmbeddedPostgresError(f"PostgreSQL did not start. It said, in {self._home.log}:\n{said.strip()[-2000:]}")

    def _arguments(self, port: int) -> list[str]:
        settings = {**_SETTINGS, "port": str(port), **(_CARELESS if self._fast else {})}
        return ["-D", str(self._home.data), *(part for item in settings.items() for part in ("-c", "=".join(item)))]

    def _await_ready(self, process: subprocess.Popen[bytes], port: int) -> bool:
        """Wait until connections are taken; False when the process has ended instead."""
        limit = time.monotonic() + _START_LIMIT
        while time.monotonic() < limit:
            if process.poll() is not None:
                return False
            if is_ready(self._home.data, process.pid, port):
                return True
            time.sleep(0.01)
        raise EmbeddedPostgresError(f"PostgreSQL was not ready in {_START_LIMIT:.0f} s; see {self._home.log}.")
