"""Group 30 of the nasty mails: a worker killed at the worst moment: one ticket in the end, and one acknowledgement.

A worker is stopped where it shall be by a lock that another session holds on what it needs next, then killed.
"""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from app.infra.now import wall_now
from app.mail.intake import queries
from app.mail.intake.accepting import accept, raw_of
from tests.desk import Desk
from tests.mail.corpus import plain
from tests.mail.nasty.office import ANN, AUTHSERV, DESK, stated
from tests.mail_sink import HANG, MailSink
from tests.stories.killing import connected, kill, mail_worker, until

pytestmark = pytest.mark.timeout(180)

_WAITING = """
select count(*) from pg_stat_activity
 where wait_event_type = 'Lock' and datname = current_database() and query ilike $1
"""
_SENT = "select count(*) from outgoing_mails where state = 'sent'"
_TICKETS = "select count(*) from tickets"


async def _accepted(desk: Desk) -> None:
    reseller = await desk.reseller(now=None)
    await desk.staff.post("/mailboxes", {"address": DESK})
    await desk.staff.post(
        "/contacts", {"kind": "reseller_staff", "name": "Ann", "email": ANN, "reseller_id": reseller.id}
    )
    async with desk.database.transaction() as session:
        box = await queries.mailbox_of(session, DESK)
    assert box is not None
    await accept(desk.database, box, "lmtp", ANN, [DESK], raw_of(stated(plain())), wall_now())


async def _lost_jobs_are_found(connection: asyncpg.Connection) -> None:
    """Let half a minute pass, so that what a dead worker held is taken by the next."""
    await connection.execute("update queue.pgqueuer set heartbeat = now() - interval '1 hour' where status = 'picked'")
    await connection.execute("update inbound_mails set accepted_at = accepted_at - interval '31 seconds'")
    await connection.execute(
        "update outgoing_mails set next_attempt_at = now() - interval '31 seconds' where state = 'queued'"
    )


async def _one_of_each(desk: Desk, connection: asyncpg.Connection, sink: MailSink) -> None:
    await until(connection, _SENT)
    await asyncio.sleep(0.5)  # for a second one, were there any
    [mail] = (await desk.staff.get("/inbound-mail"))["data"]
    [ticket] = (await desk.staff.get("/tickets"))["data"]
    [told] = (await desk.staff.get("/outgoing-mail"))["data"]
    assert (mail["state"], mail["ticket_id"], ticket["channel"]) == ("done", ticket["id"], "email")
    assert (told["kind"], told["state"], told["ticket_id"]) == ("acknowledgement", "sent", ticket["id"])
    assert len({taken.mail["Message-ID"] for taken in sink.taken}) == len(sink.taken) == 1
    assert await connection.fetchval("select count(*) from events where type = 'ticket.created'") == 1


@pytest.mark.parametrize(
    ("lock", "waiting", "tickets"),
    [
        ("select from inbound_mails for update", "%inbound_mails%", 0),
        ("select from resellers for update", "%resellers%", 0),
        ("lock table outgoing_mails in access exclusive mode", "%outgoing_mails%", 1),
    ],
    ids=["after the raw commit", "within routing", "after the ticket"],
)
async def test_group_30_killed_there_the_next_worker_makes_one_ticket_and_one_acknowledgement(
    desk: Desk, database_url: str, tmp_path: Path, lock: str, waiting: str, tickets: int
) -> None:
    await _accepted(desk)
    async with MailSink() as sink, connected(database_url) as connection, connected(database_url) as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute(lock)
        with mail_worker(database_url, tmp_path, sink, TRUNKLINE_MAIL_AUTHSERV_ID=AUTHSERV) as first:
            await until(connection, _WAITING, waiting)
            if tickets:
                await until(connection, _TICKETS)
            assert await connection.fetchval(_TICKETS) == tickets
            kill(first)
        await held.rollback()
        assert (sink.tries, await connection.fetchval("select count(*) from outgoing_mails")) == (0, 0)
        await _lost_jobs_are_found(connection)
        with mail_worker(database_url, tmp_path, sink, TRUNKLINE_MAIL_AUTHSERV_ID=AUTHSERV):
            await _one_of_each(desk, connection, sink)


async def test_group_30_killed_before_the_acknowledgement_is_sent_it_is_sent_once(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    await _accepted(desk)
    async with MailSink() as sink, connected(database_url) as connection:
        sink.at_rcpt[ANN] = [HANG]
        with mail_worker(database_url, tmp_path, sink, TRUNKLINE_MAIL_AUTHSERV_ID=AUTHSERV) as first:
            async with asyncio.timeout(60):
                while not sink.tries:
                    await asyncio.sleep(0.05)
            kill(first)
        assert (await connection.fetchval(_TICKETS), await connection.fetchval(_SENT)) == (1, 0)
        await _lost_jobs_are_found(connection)
        with mail_worker(database_url, tmp_path, sink, TRUNKLINE_MAIL_AUTHSERV_ID=AUTHSERV):
            await _one_of_each(desk, connection, sink)
