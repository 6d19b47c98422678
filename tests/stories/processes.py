"""The desk as real processes, in a folder and on a port of their own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.desk import Caller

STAFF_KEY = "abcdefghijklmnopqrstuvwxyz0123456789"
_READY_WITHIN = 60.0
_ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def start(command: str, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start ``python -m app <command>`` as the leader of a group of its own."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "app", *command.split()],
            cwd=_ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


class RunningDesk:
    """``python -m app run``; ends with everything that it started."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "log"
        self._clients: list[httpx.AsyncClient] = []
        self._environment = {
            "TRUNKLINE_DATA_DIR": str(folder / "data"),
            "TRUNKLINE_PORT": str(self.port),
            "TRUNKLINE_BOOTSTRAP_KEY": STAFF_KEY,
            **environment,
        }

    async def __aenter__(self) -> Self:
        self.log.unlink(missing_ok=True)
        self.process = start("run", self._environment, self.log)
        async with asyncio.timeout(_READY_WITHIN):
            while b"is ready" not in self.log.read_bytes():
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.aclose()
        await self.stop(signal.SIGINT)

    async def stop(self, number: signal.Signals) -> int:
        """Signal the whole group, as a terminal does, and wait for its leader."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return await asyncio.to_thread(self.process.wait, 40)

    def caller(self, key: str = STAFF_KEY) -> Caller:
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {key}"}, timeout=30
        )
        self._clients.append(client)
        return Caller(client)


def processes_of(folder: Path) -> list[int]:
    """The processes whose command line or environment names a folder: what a desk may have left behind."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(") ")[2][0]
        except (OSError, IndexError):
            continue
        if str(folder).encode() in said and state != "Z":
            found.append(int(entry.name))
    return found
