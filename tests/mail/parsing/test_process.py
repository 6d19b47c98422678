"""The child process in which mails are parsed, with children that go wrong."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import TooMuch
from app.mail.parsing.process import ParserFailed, ParserPool, ParserProcess, Terms
from tests.mail.corpus import attached, multipart, part, plain

FAULTY = Terms(deadline=10.0, parser="tests.mail.faults:faulty")
_ROOT = Path(__file__).parents[3]


@pytest.fixture
async def child() -> AsyncIterator[ParserProcess]:
    async with ParserProcess(FAULTY) as one:
        yield one


async def pid_of(child: ParserProcess | ParserPool) -> int:
    return int((await child.parse(plain("who"))).subject)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_mail_comes_back_as_it_was_parsed_with_its_files() -> None:
    raw = multipart(part("Hello"), attached(os.urandom(3_000_000)))
    accepted = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
    async with ParserProcess() as real:
        assert await real.parse(raw, accepted) == parse(raw, accepted)
        assert await real.parse(b"") == parse(b"")


async def test_too_much_is_told_across_the_processes(child: ParserProcess) -> None:
    with pytest.raises(TooMuch, match="16 KB") as refused:
        await child.parse(plain(sender="(" * 100_000))
    assert refused.value.reason == "field_too_large"


async def test_one_child_serves_many_mails_and_is_replaced_in_time() -> None:
    async with ParserProcess(Terms(mails=3, parser=FAULTY.parser)) as child:
        pids = [await pid_of(child) for _ in range(7)]
    assert len(set(pids[:3])) == len(set(pids[3:6])) == 1
    assert len(set(pids)) == 3
    assert not any(lives(each) for each in pids)


@pytest.mark.parametrize("fault", ["hang", "spin"])
async def test_a_child_over_its_deadline_is_killed_and_replaced(fault: str) -> None:
    async with ParserProcess(Terms(deadline=1.0, parser=FAULTY.parser)) as child:
        pid = await pid_of(child)
        began = time.monotonic()
        with pytest.raises(ParserFailed) as failed:
            await child.parse(plain(fault))
        assert time.monotonic() - began < 5
        assert failed.value.reason == "parse_timeout"
        assert not lives(pid)
        assert (await child.parse(plain("again"))).text == "again"


@pytest.mark.parametrize("fault", ["crash", "raise", "leave", "gorge"])
async def test_a_child_that_breaks_is_replaced(child: ParserProcess, fault: str) -> None:
    """With a segmentation fault, an error, an exit and more memory than it may have."""
    pid = await pid_of(child)
    with pytest.raises(ParserFailed) as failed:
        await child.parse(plain(fault))
    assert failed.value.reason == "parse_failed"
    assert not lives(pid)
    assert (await child.parse(plain("again"))).text == "again"


async def test_no_mail_is_to_blame_where_no_child_starts() -> None:
    async with ParserProcess(Terms(parser="tests.mail.faults:no_such_parser")) as child:
        with pytest.raises(RuntimeError, match="did not start"):
            await child.parse(plain())


async def test_what_a_child_prints_is_no_answer(child: ParserProcess) -> None:
    assert (await child.parse(plain("print"))).text == "print"
    assert (await child.parse(plain("again"))).text == "again"


async def test_a_child_that_was_killed_between_two_mails_is_replaced(child: ParserProcess) -> None:
    pid = await pid_of(child)
    os.kill(pid, signal.SIGKILL)
    while lives(pid):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert (await child.parse(plain("again"))).text == "again"


async def test_who_stops_waiting_does_not_get_the_next_one_a_wrong_answer(child: ParserProcess) -> None:
    pid = await pid_of(child)
    waiting = asyncio.create_task(child.parse(plain("hang")))
    await asyncio.sleep(0.3)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not lives(pid)
    assert (await child.parse(plain("again"))).text == "again"


async def test_mails_wait_for_each_other_and_each_gets_its_own_answer(child: ParserProcess) -> None:
    texts = [f"mail {number}" for number in range(20)]
    assert [each.text for each in await asyncio.gather(*(child.parse(plain(text)) for text in texts))] == texts


async def test_in_a_pool_a_mail_that_hangs_holds_up_no_other() -> None:
    pool = ParserPool(2, FAULTY)
    try:
        hanging = asyncio.create_task(pool.parse(plain("hang")))
        await asyncio.sleep(0.1)
        assert (await asyncio.wait_for(pool.parse(plain("quick")), 9)).text == "quick"
        hanging.cancel()
    finally:
        await pool.close()


async def test_a_child_ends_with_the_process_that_started_it() -> None:
    program = (
        "import asyncio\n"
        "from app.mail.parsing.process import ParserProcess, Terms\n"
        "async def main():\n"
        "    child = ParserProcess(Terms(parser='tests.mail.faults:faulty'))\n"
        "    print((await child.parse(b'who')).subject, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, cwd=_ROOT)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert lives(pid)
    parent.kill()
    await parent.wait()
    for _ in range(500):
        if not lives(pid):
            return
        await asyncio.sleep(0.01)
    pytest.fail("the child outlived its parent")
