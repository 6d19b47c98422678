"""Mail by LMTP: spoken by smtplib and by hand to a listener on a port; groups 28 and 29."""

import asyncio
import os
import smtplib
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from app.infra.db import Database, driver_url
from app.mail.intake.accepting import MOST_BYTES, STUB_BYTES
from app.mail.intake.lmtp import Listener
from tests.desk import Desk
from tests.mail.corpus import plain
from tests.mail.intake.post import DESK, Post
from tests.mail.intake.ways import ANN, Line, jobs, listening, mails, the_mail
from tests.stories.processes import free_port, start

OTHER = "help@operator.example"
MAIL = plain() + b"\r\n"


@pytest.fixture
async def port(desk: Desk) -> AsyncIterator[int]:
    """A listener over the test's database, with one mailbox."""
    await Post(desk).mailbox()
    async with listening(desk.database) as (_, port, _):
        yield port


async def _send(
    port: int, to: list[str], content: bytes = MAIL, sender: str = ANN, options: tuple[str, ...] = ()
) -> object:
    """Send a mail as a mail server does, and return the recipients that were refused."""

    def sent() -> object:
        with smtplib.LMTP("127.0.0.1", port) as client:
            return client.sendmail(sender, to, content, options)

    return await asyncio.to_thread(sent)


async def test_a_mail_is_committed_with_its_job_before_it_is_answered_for(desk: Desk, port: int) -> None:
    assert await _send(port, [DESK]) == {}

    mail = await the_mail(desk)
    assert (mail.raw, mail.size, mail.sha256) == (MAIL, len(MAIL), sha256(MAIL).digest())
    assert (mail.source, mail.envelope_from, mail.envelope_to) == ("lmtp", ANN, [DESK])
    assert (mail.state, mail.reason, mail.truncated) == ("received", None, False)
    assert await jobs(desk) == [str(mail.id)]


async def test_the_null_sender_is_kept_as_empty(desk: Desk, port: int) -> None:
    await _send(port, [DESK], sender="")
    assert (await the_mail(desk)).envelope_from == ""


async def test_an_unknown_mailbox_is_refused_and_the_others_get_the_mail(desk: Desk, port: int) -> None:
    refused = await _send(port, ["nobody@operator.example", DESK, "support@elsewhere.example"])

    assert refused == {
        "nobody@operator.example": (550, b"5.1.1 There is no such mailbox"),
        "support@elsewhere.example": (550, b"5.1.1 There is no such mailbox"),
    }
    assert (await the_mail(desk)).envelope_to == [DESK]


async def test_each_recipient_gets_an_answer_and_each_mailbox_a_mail(desk: Desk, port: int) -> None:
    await Post(desk).mailbox(OTHER)
    async with Line(port) as client:
        await client.begin("Support+abc.def@operator.example", OTHER, DESK)
        answers = [await client.end(MAIL), await client.answer(), await client.answer()]

        assert answers == ["250 2.0.0 The desk has it\r\n"] * 3
        assert (await client.say("NOOP")).startswith("250"), "and no answer more"
    found = {tuple(mail.envelope_to) for mail in await mails(desk)}
    assert found == {("Support+abc.def@operator.example", DESK), (OTHER,)}


async def test_without_a_recipient_there_is_no_data(desk: Desk, port: int) -> None:
    async with Line(port) as client:
        assert (await client.say("EHLO client.test")).startswith("500"), "this is LMTP"
        assert (await client.say("DATA")).startswith("503")
        await client.say("LHLO client.test")
        await client.say(f"MAIL FROM:<{ANN}>")
        assert (await client.say("RCPT TO:<nobody@operator.example>")).startswith("550")
        assert (await client.say("DATA")).startswith("503")
    assert await mails(desk) == []


async def test_a_mailbox_with_a_plus_of_its_own_comes_before_the_one_without(desk: Desk, port: int) -> None:
    await Post(desk).mailbox("support+vip@operator.example")
    await _send(port, ["support+vip@operator.example"])
    await _send(port, ["support+vip+reply.x@operator.example"], MAIL + b"2")
    await _send(port, ["support+other@operator.example"], MAIL + b"3")

    first, second, third = [mail.mailbox_id for mail in await mails(desk)]
    assert first == second != third


async def test_the_same_bytes_twice_are_one_mail(desk: Desk, port: int) -> None:
    await _send(port, [DESK])
    await _send(port, [DESK])
    assert len(await jobs(desk)) == len(await mails(desk)) == 1


async def test_an_address_that_is_no_text_is_refused_for_good(desk: Desk, port: int) -> None:
    async with Line(port) as client:
        await client.say("LHLO client.test")
        await client.say(b"MAIL FROM:<b\xffad@voipco.example> SMTPUTF8")
        assert (await client.say(b"RCPT TO:<supp\xffrt@operator.example>")).startswith("550")
        assert (await client.say(f"RCPT TO:<{DESK}>")).startswith("250")
        await client.say("DATA")
        assert (await client.end(MAIL)).startswith("250")
    assert (await the_mail(desk)).envelope_from == "b?ad@voipco.example"


async def test_what_is_offered(port: int) -> None:
    async with Line(port) as client:
        offered = await client.say("LHLO client.test")
        assert {"PIPELINING", "8BITMIME", "SMTPUTF8"} <= {line[4:].strip() for line in offered.splitlines()}
        assert (await client.say(f"MAIL FROM:<{ANN}> SIZE={2 * MOST_BYTES} BODY=8BITMIME")).startswith("250")


async def test_eight_bits_and_addresses_beyond_ascii_come_as_they_are(desk: Desk, port: int) -> None:
    content = plain("Grüße \x85 🎧".encode() + b"\xff\xfe") + b"\r\n"
    await Post(desk).mailbox("hilfe-für@operator.example")
    async with Line(port) as client:
        await client.begin("hilfe-für@operator.example", sender="jö@müller.example", options=" SMTPUTF8 BODY=8BITMIME")
        assert (await client.end(content)).startswith("250")
    mail = await the_mail(desk)
    assert (mail.raw, mail.envelope_from) == (content, "jö@müller.example")


async def test_everything_may_come_in_one_piece(desk: Desk, port: int) -> None:
    async with Line(port) as client:
        client.writer.write(
            f"LHLO c.test\r\nMAIL FROM:<{ANN}>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n".encode() + MAIL + b".\r\nQUIT\r\n"
        )
        codes = [(await client.answer())[:3] for _ in range(6)]
    assert codes == ["250", "250", "250", "354", "250", "221"]
    assert (await the_mail(desk)).raw == MAIL


_BROKEN = {
    "bare LF": b"Subject: a\n\nbody\n",
    "bare CR": b"Subject: a\r\rbody\r",
    "mixed": b"Subject: a\r\nFrom: b\n\rbody\n\r\n",
    "smuggled by CRLF.LF": b"Subject: a\r\n\r\none\r\n.\nMAIL FROM:<x@y.example>\r\nDATA\r\n",
    "smuggled by LF.CRLF": b"Subject: a\r\n\r\none\n.\r\nMAIL FROM:<x@y.example>\r\nDATA\r\n",
    "smuggled by LF.LF": b"Subject: a\r\n\r\none\n.\nDATA\r\n",
    "smuggled by CR.CRLF": b"Subject: a\r\n\r\none\r.\r\nDATA\r\n",
    "NUL only": b"\x00" * 300,
    "empty": b"",
    "an empty line": b"\r\n",
    "no separator": b"Subject: a header and nothing else\r\n",
    "a long line": b"Subject: " + b"x" * 200_000 + b"\r\n\r\nbody\r\n",
    "a line of dots at the limit": b"." * 65_535 + b"\r\n" + b"x" * 65_534 + b"\r\n.\n",
}


@pytest.mark.parametrize("name", _BROKEN)
async def test_one_in_is_one_out_with_every_byte(desk: Desk, port: int, name: str) -> None:
    content = _BROKEN[name]
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    async with Line(port) as client:
        await client.begin()
        client.writer.write(stuffed if content.endswith(b"\r\n") or not content else stuffed + b"\r\n")
        assert (await client.say(b".")).startswith("250")
        assert (await client.say("QUIT")).startswith("221"), "nothing in it was taken for a command"
    expected = content if content.endswith(b"\r\n") or not content else content + b"\r\n"
    assert (await the_mail(desk)).raw == expected


async def test_what_looks_like_an_end_to_others_is_none(desk: Desk, port: int) -> None:
    content = b"Subject: a\r\n\r\none\n.\r\nMAIL FROM:<x@y.example>\r\nDATA\r\n\r\ntwo\r\n"
    async with Line(port) as client:
        await client.begin()
        assert (await client.end(content)).startswith("250")
        assert (await client.say("QUIT")).startswith("221")
    assert (await the_mail(desk)).raw == content


async def test_a_mail_that_is_too_large_is_held_by_its_beginning(desk: Desk, port: int) -> None:
    content = MAIL + (b"x" * 998 + b"\r\n") * (MOST_BYTES // 1000 + 1)
    async with Line(port) as client:
        await client.begin()
        assert (await client.end(content)).startswith("250")
        await client.begin()
        assert (await client.end(content + b"y\r\n")).startswith("250")

    one, other = await mails(desk)
    assert (one.state, one.reason, one.truncated, one.size) == ("held", "too_large", True, len(content))
    assert one.raw == content[:STUB_BYTES]
    assert one.finished_at == one.accepted_at
    assert other.sha256 == sha256(content + b"y\r\n").digest(), "another end is another mail"
    assert await jobs(desk) == []


async def test_a_mail_of_25_megabytes_is_taken(desk: Desk, port: int) -> None:
    content = MAIL + b"x" * (MOST_BYTES - len(MAIL) - 2) + b"\r\n"
    async with Line(port) as client:
        await client.begin()
        assert (await client.end(content)).startswith("250")
    mail = await the_mail(desk)
    assert (mail.state, mail.size, mail.truncated) == ("received", MOST_BYTES, False)


async def test_a_client_that_goes_in_the_middle_leaves_nothing(desk: Desk) -> None:
    await Post(desk).mailbox()
    async with listening(desk.database) as (listener, port, _):
        async with Line(port) as client:
            await client.begin()
            client.writer.write(MAIL)
            await client.writer.drain()
        await _until_free(listener)
        assert await mails(desk) == []
        await _send(port, [DESK])
    assert len(await mails(desk)) == 1


async def _until_free(listener: Listener) -> None:
    async with asyncio.timeout(10):
        while listener.open:
            await asyncio.sleep(0.01)


async def test_a_client_that_says_nothing_is_let_go(desk: Desk) -> None:
    await Post(desk).mailbox()
    async with listening(desk.database, idle_seconds=0.3) as (_, port, _), Line(port) as client:
        await client.begin()
        client.writer.write(MAIL)
        assert await client.answer() == ""
    assert await mails(desk) == []


async def test_too_many_connections_are_told_to_come_later(desk: Desk) -> None:
    async with listening(desk.database) as (listener, port, _):
        clients = [await Line(port).__aenter__() for _ in range(100)]
        async with Line(port) as late:
            assert late.greeting.startswith("421 4.3.2")
            assert await late.answer() == ""
        assert all(client.greeting.startswith("220") for client in clients)
        clients.pop().writer.close()
        async with asyncio.timeout(10):
            while len(listener.open) == 100:
                await asyncio.sleep(0.01)
        async with Line(port) as one:
            assert one.greeting.startswith("220")
        for client in clients:
            client.writer.close()


async def test_told_to_stop_it_ends_the_mail_under_way_and_takes_no_other(desk: Desk) -> None:
    await Post(desk).mailbox()
    async with listening(desk.database) as (_, port, shutdown), Line(port) as busy, Line(port) as idle:
        await busy.begin()
        shutdown.set()
        assert (await idle.answer()).startswith("421 4.3.2")
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)
        assert (await busy.end(MAIL)).startswith("250")
        assert (await busy.answer()).startswith("421 4.3.2")
    assert (await the_mail(desk)).raw == MAIL


async def test_with_the_database_out_of_reach_every_recipient_is_told_to_try_later() -> None:
    database = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    async with listening(database) as (_, port, _), Line(port) as client:
        await client.say("LHLO client.test")
        await client.say(f"MAIL FROM:<{ANN}>")
        assert (await client.say(f"RCPT TO:<{DESK}>")).startswith("451 4.3.0")
    await database.close()


async def test_mail_refused_while_the_database_is_away_arrives_once_it_is_back(desk: Desk, database_url: str) -> None:
    await Post(desk).mailbox()
    await Post(desk).mailbox(OTHER)
    server, _, name = driver_url(database_url).rpartition("/")
    admin = await asyncpg.connect(f"{server}/postgres")
    async with listening(desk.database) as (_, port, _), Line(port) as client:
        await client.begin(DESK, OTHER)
        await admin.execute(f"alter database {name} allow_connections false")
        try:
            await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
            assert (await client.end(MAIL)).startswith("451 4.3.0")
            assert (await client.answer()).startswith("451 4.3.0")
            await client.say(f"MAIL FROM:<{ANN}>")
            assert (await client.say(f"RCPT TO:<{DESK}>")).startswith("451 4.3.0")
        finally:
            await admin.execute(f"alter database {name} allow_connections true")
            await admin.close()
        async with asyncio.timeout(20):
            while True:
                try:
                    assert await _send(port, [DESK]) == {}
                    break
                except smtplib.SMTPException:
                    await asyncio.sleep(0.05)
    assert (await the_mail(desk)).raw == MAIL


async def test_the_command_listens_and_ends_in_order(desk: Desk, database_url: str, tmp_path: Path) -> None:
    await Post(desk).mailbox()
    log, port = tmp_path / "log", free_port()
    environment = {"DATABASE_URL": database_url, "TRUNKLINE_MAIL_LMTP_PORT": str(port)}
    process = start("mail lmtp", environment, log)
    try:
        async with asyncio.timeout(60):
            while f"Mail is taken by LMTP at 127.0.0.1:{port}" not in log.read_text():
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
        async with Line(port) as client:
            await client.begin()
            process.terminate()
            await asyncio.sleep(0.3)
            assert (await client.end(MAIL)).startswith("250")
        assert await asyncio.to_thread(process.wait, 20) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
    assert len(await mails(desk)) == 1
