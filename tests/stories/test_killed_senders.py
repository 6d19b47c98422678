"""A worker killed while it sends a mail: the mail arrives, and by its Message-ID it is known as one."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.mail.outbox.writing import contact, let_pass
from tests.mail_sink import HANG, WAIT, MailSink
from tests.stories.killing import connected, mail_worker, until

pytestmark = pytest.mark.timeout(120)

ANN = "ann@customer.example"
_WAITING = """
select count(*) from pg_stat_activity
 where wait_event_type = 'Lock' and datname = current_database() and query ilike '%outgoing_mails%'
"""
_SENT = "select count(*) from outgoing_mails where state = 'sent'"


async def _a_mail(desk: Desk) -> None:
    reseller = await desk.reseller("professional", now=None)
    ann = await contact(reseller, email=ANN)
    await reseller.open_ticket(contact_id=ann["id"])


async def test_killed_before_the_server_has_the_mail_it_is_sent_once(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    await _a_mail(desk)
    async with MailSink() as sink, connected(database_url) as connection:
        sink.at_rcpt[ANN] = [HANG]
        with mail_worker(database_url, tmp_path, sink) as first:
            async with asyncio.timeout(60):
                while not sink.tries:
                    await asyncio.sleep(0.05)
            first.send_signal(signal.SIGKILL)
            first.wait(10)
        await let_pass(desk)
        with mail_worker(database_url, tmp_path, sink):
            await until(connection, _SENT)

        assert len(sink.taken) == 1
        assert await connection.fetchval("select attempts from outgoing_mails") == 2


async def test_killed_between_the_servers_yes_and_the_record_the_same_mail_goes_again(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    await _a_mail(desk)
    async with MailSink() as sink, connected(database_url) as connection, connected(database_url) as holder:
        sink.at_data[ANN] = [WAIT]
        with mail_worker(database_url, tmp_path, sink) as first:
            async with asyncio.timeout(60):
                while not sink.taken:
                    await asyncio.sleep(0.05)
            held = holder.transaction()
            await held.start()
            await holder.execute("select from outgoing_mails for update")
            sink.go_on.set()
            await until(connection, _WAITING)
            first.send_signal(signal.SIGKILL)
            first.wait(10)
        await held.rollback()
        await let_pass(desk)
        with mail_worker(database_url, tmp_path, sink):
            await until(connection, _SENT)

        first_copy, second_copy = sink.taken
        assert first_copy.content == second_copy.content
        assert first_copy.mail["Message-ID"] == second_copy.mail["Message-ID"]
        assert await connection.fetchval("select count(*) from outgoing_mails") == 1
