"""Read mails by chance for some minutes, in processes: ``make fuzz``, or ``python -m tests.mail.fuzz --seconds 60``.

What crashes or hangs is written to a file, and its seed is said.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import TooMuch
from tests.mail.mutation import mutated, seeds
from tests.mail.sound import assert_sound

HANG = 5.0  # seconds for one mail
_ROOT = Path(__file__).parents[2]


@dataclass
class Figures:
    """What came of a run."""

    count: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_seed: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Add what came of another."""
        self.count += other.count
        self.refused += other.refused
        self.failures += other.failures
        if other.slowest > self.slowest:
            self.slowest, self.slowest_seed = other.slowest, other.slowest_seed


class Hang(Exception):  # noqa: N818 - what a mail did
    """A mail took too long."""


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang(number, frame)


def run(seconds: float, first: int) -> Figures:
    """Read mails by seeds from ``first`` on, until the time is over."""
    signal.signal(signal.SIGALRM, _hang)
    corpus, figures, seed = seeds(), Figures(), first
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        _try(mutated(random.Random(seed), corpus), seed, figures)
        seed += 1
    return figures


def _try(raw: bytes, seed: int, figures: Figures) -> None:
    signal.setitimer(signal.ITIMER_REAL, HANG)
    began = time.perf_counter()
    try:
        assert_sound(parse(raw))
    except TooMuch:
        figures.refused += 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        figures.failures.append(f"{_kept(raw, seed)}: {_said(error)}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    took = time.perf_counter() - began
    figures.count += 1
    if took > figures.slowest:
        figures.slowest, figures.slowest_seed = took, seed


def _said(error: Exception) -> str:
    """Return where it happened and what, on one line."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {place.name}, line {place.lineno}: {str(error)[:300]!r}"


def _kept(raw: bytes, seed: int) -> Path:
    path = Path(tempfile.gettempdir()) / f"fuzz-{seed}.eml"
    path.write_bytes(raw)
    return path


def run_in_processes(seconds: float, first: int, processes: int) -> Figures:
    """Run in several processes; one that dies or outlives its time is a finding, too."""
    command = [sys.executable, "-m", "tests.mail.fuzz", "--alone", "--seconds", str(seconds), "--first"]
    firsts = [first + number * 100_000_000 for number in range(processes)]
    running = [subprocess.Popen([*command, str(each)], stdout=subprocess.PIPE, text=True, cwd=_ROOT) for each in firsts]
    total = Figures()
    for process, begun in zip(running, firsts, strict=True):
        try:
            said, _ = process.communicate(timeout=seconds + 60)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        if process.returncode != 0:
            total.failures.append(f"the process with seeds from {begun} ended with {process.returncode}")
            continue
        count, refused, slowest, seed, *failures = said.splitlines()
        total.add(Figures(int(count), int(refused), float(slowest), int(seed), failures))
    return total


def main() -> None:
    """Run as the command line says, and end with 1 where there was a finding."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=180.0)
    options.add_argument("--first", type=int, default=None, help="the first seed; chosen by the clock if not said")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--alone", action="store_true", help="in this process, with figures for a program")
    said = options.parse_args()
    if said.alone:
        one = run(said.seconds, said.first or 0)
        sys.stdout.write("\n".join([f"{one.count}\n{one.refused}\n{one.slowest}\n{one.slowest_seed}", *one.failures]))
        return
    first = time.time_ns() // 1_000_000_000 if said.first is None else said.first
    found = run_in_processes(said.seconds, first, said.processes)
    sys.stdout.write(
        f"{found.count:,} mails, {found.refused:,} of them refused as too much; "
        f"slowest {found.slowest * 1000:.0f} ms (seed {found.slowest_seed}); {len(found.failures)} findings\n"
        + "".join(f"  {each}\n" for each in found.failures)
    )
    sys.exit(bool(found.failures))


if __name__ == "__main__":
    main()
