"""Parsing in a process of its own: a mail that hangs it, crashes it or eats memory costs one child and one deadline."""

import asyncio
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import app
from app.infra.embedded import bound_to_parent
from app.mail.parsing.child import READY, SIZE
from app.mail.parsing.parsed import ParsedMail, TooMuch

_ROOT = Path(app.__file__).parents[1]
_START_WITHIN = 60.0

Reason = Literal["parse_timeout", "parse_failed"]


class ParserFailed(Exception):  # noqa: N818 - what happened to the mail
    """The child did not come back with an answer, and was replaced."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What a child may take, how long it serves, and what parses in it."""

    deadline: float = 20.0  # seconds
    memory: int = 1 << 30  # bytes of address space
    mails: int = 500
    parser: str = "app.mail.parsing.parse:parse"


_USUAL = Terms()


class ParserProcess:
    """One child, started when there is a mail to parse and kept for the next; mails wait for each other.

    Its life is bound to the thread that starts it, which is the event loop's: the kernel ends it with that.
    """

    def __init__(self, terms: Terms = _USUAL) -> None:
        self._terms = terms
        self._process: Process | None = None
        self._left = 0
        self._turn = asyncio.Lock()

    async def parse(self, raw: bytes, accepted_at: datetime | None = None) -> ParsedMail:
        """Parse a mail.

        Raises:
            TooMuch: the mail is over a cap.
            ParserFailed: it took too long, or the child broke over it.
        """
        async with self._turn:
            answer = await self._ask(pickle.dumps((raw, accepted_at)))
        if isinstance(answer, ParsedMail):
            return answer
        raise TooMuch(*answer)

    async def close(self) -> None:
        """End the child."""
        async with self._turn:
            await self._end()

    async def __aenter__(self) -> Self:
        """Return itself: the child is started when it is needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        await self.close()

    async def _ask(self, frame: bytes) -> ParsedMail | tuple[str, str]:
        """Hand a mail to the child and wait for its answer; a child that did not answer is never asked again."""
        answered = False
        try:
            child = await self._child()
            async with asyncio.timeout(self._terms.deadline):
                answer: ParsedMail | tuple[str, str] = pickle.loads(await _exchange(child, frame))  # noqa: S301 - our own child's
            self._left -= 1
            answered = self._left > 0
        except TimeoutError as error:
            raise ParserFailed("parse_timeout") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ParserFailed("parse_failed") from error
        finally:
            if not answered:
                await self._end()
        return answer

    async def _child(self) -> Process:
        """Return the child, a new one where there is none that lives."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        command = [sys.executable, "-m", "app.mail.parsing.child", self._terms.parser, str(self._terms.memory)]
        bound = bound_to_parent(command, death_signal=signal.SIGKILL, deaf_to_interrupts=True)
        self._process = await asyncio.create_subprocess_exec(*bound, stdin=PIPE, stdout=PIPE, cwd=_ROOT)
        self._left = self._terms.mails
        async with asyncio.timeout(_START_WITHIN):
            if await _answer(self._process) != READY:
                raise ConnectionError("the child did not begin with a word of its own")
        return self._process

    async def _end(self) -> None:
        """Kill the child and wait until it is gone."""
        child, self._process = self._process, None
        if child is None:
            return
        if child.returncode is None:
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await child.wait()


class ParserPool:
    """Some children; a mail goes to one that is free."""

    def __init__(self, size: int = 1, terms: Terms = _USUAL) -> None:
        self._all = [ParserProcess(terms) for _ in range(size)]
        self._free: asyncio.LifoQueue[ParserProcess] = asyncio.LifoQueue()
        for each in self._all:
            self._free.put_nowait(each)

    async def parse(self, raw: bytes, accepted_at: datetime | None = None) -> ParsedMail:
        """Parse a mail, as ``ParserProcess.parse`` does."""
        one = await self._free.get()
        try:
            return await one.parse(raw, accepted_at)
        finally:
            self._free.put_nowait(one)

    async def close(self) -> None:
        """End all of them."""
        for each in self._all:
            await each.close()


async def _exchange(child: Process, frame: bytes) -> bytes:
    assert child.stdin is not None
    child.stdin.write(SIZE.pack(len(frame)) + frame)
    await child.stdin.drain()
    return await _answer(child)


async def _answer(child: Process) -> bytes:
    assert child.stdout is not None
    size = SIZE.unpack(await child.stdout.readexactly(SIZE.size))[0]
    return await child.stdout.readexactly(size)
