"""The program that reads mails one after the other, for another process that may kill it: see ``process``."""

import os
import pickle
import resource
import struct
import sys
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import BinaryIO

from app.mail.parsing.parsed import ParsedMail, TooMuch

Parser = Callable[[bytes, datetime | None], ParsedMail]

SIZE = struct.Struct(">I")
READY = b"ready"


def main() -> None:
    """Read frames until there are no more: a mail and when it was accepted; answer each with what came of it."""
    named, memory = sys.argv[1], int(sys.argv[2])
    # What anybody prints may not end up between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, function = named.partition(":")
    parser: Parser = getattr(import_module(module), function)
    _send(answers, READY)
    while (frame := _receive(sys.stdin.buffer)) is not None:
        raw, accepted_at = pickle.loads(frame)  # noqa: S301 - from the process that started this one
        _send(answers, pickle.dumps(_outcome(parser, raw, accepted_at)))


def _outcome(parser: Parser, raw: bytes, accepted_at: datetime | None) -> ParsedMail | tuple[str, str]:
    """Parse; a mail that is too much is told by its reason and detail. Any other error ends the process."""
    try:
        return parser(raw, accepted_at)
    except TooMuch as over:
        return over.reason, str(over)


def _receive(stream: BinaryIO) -> bytes | None:
    head = stream.read(SIZE.size)
    return stream.read(SIZE.unpack(head)[0]) if len(head) == SIZE.size else None


def _send(stream: BinaryIO, data: bytes) -> None:
    stream.write(SIZE.pack(len(data)) + data)
    stream.flush()


if __name__ == "__main__":
    main()
