"""Mail by a pipe: the real command, as a mail server runs it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from app.mail.intake.accepting import MOST_BYTES, STUB_BYTES
from tests.desk import Desk
from tests.mail.corpus import plain
from tests.mail.intake.post import DESK, Post
from tests.mail.intake.ways import ANN, jobs, mails, the_mail
from tests.stories.processes import free_port

_ROOT = Path(__file__).parents[3]
MAIL = plain() + b"\r\n"


async def _pipe(url: str, *arguments: str, content: bytes = MAIL, **environment: str) -> tuple[int, bytes, str]:
    """Run the command; return its exit code and what it says on both outputs."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "mail", "pipe", *arguments,
        cwd=_ROOT, env={**known, "DATABASE_URL": url, **environment}, stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    out, err = await process.communicate(content)
    assert process.returncode is not None
    return process.returncode, out, err.decode()


async def test_a_mail_is_committed_before_the_command_says_so_by_silence(desk: Desk, database_url: str) -> None:
    await Post(desk).mailbox()

    said = await _pipe(database_url, "--recipient", "Support+x.y@operator.example", "--sender", ANN)

    assert said == (0, b"", "")
    mail = await the_mail(desk)
    assert (mail.raw, mail.source, mail.state) == (MAIL, "pipe", "received")
    assert (mail.envelope_from, mail.envelope_to) == (ANN, ["Support+x.y@operator.example"])
    assert await jobs(desk) == [str(mail.id)]


async def test_a_mail_server_may_name_both_by_the_environment(desk: Desk, database_url: str) -> None:
    await Post(desk).mailbox()
    assert (await _pipe(database_url, ORIGINAL_RECIPIENT=DESK, SENDER="MAILER-DAEMON"))[0] == 0
    assert (await _pipe(database_url, ORIGINAL_RECIPIENT=DESK, SENDER=""))[0] == 0, "the same bytes are one mail"
    assert (await the_mail(desk)).envelope_from == ""


async def test_without_a_sender_it_is_not_known(desk: Desk, database_url: str) -> None:
    await Post(desk).mailbox()
    assert (await _pipe(database_url, "--recipient", DESK))[0] == 0
    assert (await the_mail(desk)).envelope_from is None


async def test_an_unknown_mailbox_is_67(desk: Desk, database_url: str) -> None:
    code, out, err = await _pipe(database_url, "--recipient", "nobody@operator.example", "--sender", ANN)
    assert (code, out) == (67, b"")
    assert "there is no such mailbox" in err
    assert await mails(desk) == []


@pytest.mark.parametrize("arguments", [[], ["--recipient"], ["--recipient", DESK, "more"], ["--colour", "red"]])
async def test_what_it_cannot_make_sense_of_is_64(database_url: str, arguments: list[str]) -> None:
    code, out, err = await _pipe(database_url, *arguments)
    assert (code, out) == (64, b"")
    assert err
    assert "Traceback" not in err


@pytest.mark.parametrize("url", ["", "postgresql://nobody@127.0.0.1:{port}/none", "mysql://elsewhere/none"])
async def test_a_desk_that_cannot_take_it_is_75(url: str) -> None:
    code, out, err = await _pipe(url.format(port=free_port()), "--recipient", DESK)
    assert (code, out) == (75, b"")
    assert "try again later" in err
    assert "Traceback" not in err


async def test_a_desk_whose_settings_are_wrong_is_75(database_url: str) -> None:
    code, _, err = await _pipe(database_url, "--recipient", DESK, TRUNKLINE_PORT="many")
    assert code == 75
    assert "TRUNKLINE_PORT" in err


async def test_a_mail_that_is_too_large_is_held_by_its_beginning(desk: Desk, database_url: str) -> None:
    await Post(desk).mailbox()
    content = MAIL + b"x" * MOST_BYTES
    assert (await _pipe(database_url, "--recipient", DESK, content=content))[:2] == (0, b"")
    mail = await the_mail(desk)
    assert (mail.state, mail.reason, mail.size) == ("held", "too_large", len(content))
    assert mail.raw == content[:STUB_BYTES]


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"no header", b"From ann@voipco.example Tue\nSubject: a\n\nb\n"])
async def test_one_in_is_one_out(desk: Desk, database_url: str, content: bytes) -> None:
    await Post(desk).mailbox()
    assert (await _pipe(database_url, "--recipient", DESK, content=content))[0] == 0
    assert (await the_mail(desk)).raw == content


async def test_a_command_that_is_killed_while_it_reads_leaves_nothing(desk: Desk, database_url: str) -> None:
    await Post(desk).mailbox()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app", "mail", "pipe", "--recipient", DESK,
        cwd=_ROOT, env={**os.environ, "DATABASE_URL": database_url}, stdin=PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(MAIL)
    await process.stdin.drain()
    await asyncio.sleep(2)
    process.kill()
    assert await process.wait() == -9
    assert await mails(desk) == []
