"""Commands whose process ends when this one does."""

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.infra.embedded.launch import Plan

_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Confinement:
    """As whom a command runs, and what it is shown of the files: see ``launch.open_view``."""

    user: tuple[int, int] | None = None
    closed: Path | None = None
    shown: Path | None = None


_FREE = Confinement()


def bound_to_parent(
    command: Sequence[str],
    *,
    death_signal: signal.Signals,
    deaf_to_interrupts: bool = False,
    confinement: Confinement = _FREE,
) -> list[str]:
    """Return a command line that becomes ``command`` and gets ``death_signal`` when the calling thread dies.

    The kernel watches the *thread* that forked: start such a command from the main thread. A command that is deaf
    to interrupts starts with SIGINT ignored, until it sets a handler of its own.
    """
    plan: Plan = {
        "parent": os.getpid(),
        "death_signal": death_signal,
        "deaf_to_interrupts": deaf_to_interrupts,
        "user": confinement.user,
        "closed": str(confinement.closed) if confinement.closed else None,
        "shown": str(confinement.shown) if confinement.shown else None,
        "command": list(command),
    }
    # Isolated and without site: a third of the start time, and nothing of the environment steers it.
    return [sys.executable, "-I", "-S", str(_LAUNCH), json.dumps(plan)]
