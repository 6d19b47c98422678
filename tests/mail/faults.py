"""Parsers that go wrong, for a child process to run in place of the real one."""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import ParsedMail


def _spin() -> None:
    while True:
        pass


def _raise() -> None:
    raise RecursionError


def _print() -> None:
    sys.stdout.write("noise\n" * 10_000)
    sys.stdout.flush()


FAULTS: dict[bytes, Callable[[], object]] = {
    b"hang": lambda: time.sleep(600),
    b"spin": _spin,
    b"crash": lambda: ctypes.string_at(0),
    b"raise": _raise,
    b"leave": lambda: os._exit(0),
    b"gorge": lambda: bytes(2 << 30),
    b"print": _print,
}


def faulty(raw: bytes, accepted_at: datetime | None) -> ParsedMail:
    """Do what the mail asks for, and parse it."""
    for word, fault in FAULTS.items():
        if word in raw:
            fault()
    return parse(b"Subject: %d\r\n\r\n" % os.getpid() if b"who" in raw else raw, accepted_at)
