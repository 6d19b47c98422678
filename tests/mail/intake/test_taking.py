"""From a mail that was accepted to what became of it: a real job, a real parser, the real rules."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.infra.db import driver_url
from app.infra.now import wall_now
from app.mail.intake.accepting import LOST_AFTER, accept, enqueue_lost, raw_of
from app.mail.intake.retention import forget_bytes
from app.mail.intake.routing import RoutingDesk, route
from app.mail.intake.taking import MOST_ATTEMPTS, Router, Taker
from app.mail.models import InboundMail, Mailbox
from app.mail.parsing.parsed import ParsedMail
from app.mail.parsing.process import ParserPool, Terms
from tests.desk import Desk
from tests.mail.corpus import plain
from tests.mail.intake.mails import AUTHSERV
from tests.mail.intake.post import DESK, Post, Scene, scene
from tests.mail.intake.ways import ANN, change, jobs, the_mail

STAMP = (("Authentication-Results", f"{AUTHSERV}; dmarc=pass header.from=voipco.example"),)
MAIL = plain(headers=STAMP)


@pytest.fixture
async def parsers() -> AsyncIterator[ParserPool]:
    """A parser that goes wrong when a mail asks for it."""
    pool = ParserPool(1, Terms(deadline=2.0, parser="tests.mail.faults:faulty"))
    yield pool
    await pool.close()


async def _accept(at: Scene, content: bytes = MAIL, to: str = DESK) -> str:
    """Let a mail be accepted; return the argument of its job, which is taken away."""
    box = at.post.boxes[DESK]
    mail_id = await accept(at.post.desk.database, box, "lmtp", ANN, [to], raw_of(content), wall_now())
    await at.post.desk.picked("mail.take")
    return str(mail_id)


def _taker(at: Scene, parsers: ParserPool, router: Router = route) -> Taker:
    return Taker(at.post.desk.database, parsers, router, RoutingDesk(at.post.keys, AUTHSERV))


async def test_a_mail_becomes_a_ticket_and_its_job_may_run_again(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    argument = await _accept(at)

    for _ in range(2):
        await _taker(at, parsers).take(argument)

    mail = await the_mail(desk)
    assert (mail.state, mail.reason, mail.sender, mail.message_key) == ("done", None, ANN, "m1@voipco.example")
    assert mail.finished_at is not None
    assert (await at.read(mail.ticket_id))["subject"] == "No audio after ten seconds"
    assert await at.post.tickets() == 1


async def test_jobs_at_the_same_time_make_one_ticket(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    argument = await _accept(at)
    await asyncio.gather(*(_taker(at, parsers).take(argument) for _ in range(4)))
    assert await at.post.tickets() == 1


async def test_a_job_of_no_mail_is_done(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    await _taker(at, parsers).take("01a20ffc-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (plain(sender="(" * 20_000), "field_too_large", "The field from is larger than 16 KB."),
        (plain(b"x" * 1_100_000), "line_too_long", "A line of the mail is longer than 1 MB."),
        (plain("hang"), "parse_timeout", "reading the mail took too long; its bytes are kept as they came"),
        (plain("spin"), "parse_timeout", "reading the mail took too long; its bytes are kept as they came"),
        (plain("crash"), "parse_failed", "reading the mail came to nothing; its bytes are kept as they came"),
        (plain("raise"), "parse_failed", "reading the mail came to nothing; its bytes are kept as they came"),
    ],
)
async def test_a_mail_that_cannot_be_read_is_held(
    desk: Desk, parsers: ParserPool, content: bytes, reason: str, detail: str
) -> None:
    at = await scene(desk)

    await _taker(at, parsers).take(await _accept(at, content))

    mail = await the_mail(desk)
    assert (mail.state, mail.reason, mail.detail) == ("held", reason, detail)
    assert mail.finished_at is not None
    assert mail.raw == content
    assert await jobs(desk) == []


async def test_after_a_mail_that_breaks_the_parser_the_next_is_taken(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    taker = _taker(at, parsers)
    await taker.take(await _accept(at, plain("crash")))
    await taker.take(await _accept(at))
    assert await at.post.tickets() == 1


async def _never(*_: object) -> None:
    raise LookupError("a fault of ours")


async def test_routing_that_fails_is_tried_five_times_and_then_seen_by_staff(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    argument = await _accept(at)
    taker = _taker(at, parsers, _never)
    mail = await the_mail(desk)

    for attempt in range(1, MOST_ATTEMPTS + 1):
        await taker.take(argument)
        mail = await the_mail(desk)
        assert mail.attempts == attempt
        expected = ("received", None) if attempt < MOST_ATTEMPTS else ("held", "routing_failed")
        assert (mail.state, mail.reason) == expected
        assert await _delays(desk) == ([] if attempt == MOST_ATTEMPTS else [4**attempt])
    mail = await the_mail(desk)
    assert mail.detail == "5 attempts failed, the last with LookupError"
    assert mail.read is None, "nothing of what failed stays"
    await taker.take(argument)
    assert (await the_mail(desk)).attempts == MOST_ATTEMPTS


async def _delays(desk: Desk) -> list[int]:
    async with desk.database.transaction() as session:
        found = await session.scalars(text("select extract(epoch from execute_after - created) from queue.pgqueuer"))
        delays = [round(one) for one in found]
    await desk.picked("mail.take")
    return delays


async def test_what_the_database_refuses_to_store_is_the_mails_fault(desk: Desk, parsers: ParserPool) -> None:
    async def misfit(session: AsyncSession, *_: object) -> None:
        await session.execute(text("insert into tickets default values"))

    at = await scene(desk)
    await _taker(at, parsers, misfit).take(await _accept(at))
    assert ((await the_mail(desk)).attempts, len(await jobs(desk))) == (1, 1)


@pytest.mark.parametrize(
    "statement",
    ["select pg_terminate_backend(pg_backend_pid())", "do $$ begin raise sqlstate '40P01'; end $$"],
    ids=["away", "deadlock"],
)
async def test_a_database_that_fails_is_no_fault_of_the_mails(desk: Desk, parsers: ParserPool, statement: str) -> None:
    async def fails(session: AsyncSession, *_: object) -> None:
        await session.execute(text("set local role none"))  # who may end a connection
        await session.execute(text(statement))

    at = await scene(desk)
    argument = await _accept(at)
    for _ in range(MOST_ATTEMPTS + 1):
        with pytest.raises(DBAPIError) as raised:
            await _taker(at, parsers, fails).take(argument)
        assert not isinstance(raised.value, IntegrityError)

    mail = await the_mail(desk)
    assert (mail.state, mail.attempts) == ("received", 0), "the queue runs the job again"
    await _taker(at, parsers).take(argument)
    assert (await the_mail(desk)).state == "done"


async def test_a_router_that_forgets_a_mail_is_noticed(desk: Desk, parsers: ParserPool) -> None:
    async def forgets(*_: object) -> None:
        return

    at = await scene(desk)
    await _taker(at, parsers, forgets).take(await _accept(at))
    assert ((await the_mail(desk)).state, (await the_mail(desk)).attempts) == ("received", 1)


async def test_a_job_stopped_half_way_leaves_the_mail_to_the_next(desk: Desk, parsers: ParserPool) -> None:
    inside = asyncio.Event()

    async def stops(
        session: AsyncSession, mail: InboundMail, mailbox: Mailbox, parsed: ParsedMail, terms: RoutingDesk
    ) -> None:
        await route(session, mail, mailbox, parsed, terms)
        inside.set()
        await asyncio.sleep(60)

    at = await scene(desk)
    argument = await _accept(at)
    job = asyncio.create_task(_taker(at, parsers, stops).take(argument))
    await inside.wait()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    assert ((await the_mail(desk)).state, await at.post.tickets()) == ("received", 0)
    await _taker(at, parsers).take(argument)
    assert ((await the_mail(desk)).state, await at.post.tickets()) == ("done", 1)


async def test_a_mail_without_a_job_is_found_and_one_with_a_job_is_left(desk: Desk, database_url: str) -> None:
    at = await scene(desk)
    lost = await _accept(at)
    box = at.post.boxes[DESK]
    known = str(await accept(desk.database, box, "lmtp", ANN, [DESK], raw_of(b"two"), wall_now()))
    later = wall_now() + LOST_AFTER

    async with desk.database.transaction() as session:
        assert await enqueue_lost(session, wall_now()) == 0, "nothing is old yet"
    for expected in (1, 0):
        async with desk.database.transaction() as session:
            assert await enqueue_lost(session, later) == expected
    assert sorted(await jobs(desk)) == sorted([lost, known])

    connection = await asyncpg.connect(driver_url(database_url))
    await connection.execute("update queue.pgqueuer set status = 'failed' where payload = $1", known.encode())
    await connection.close()
    async with desk.database.transaction() as session:
        assert await enqueue_lost(session, later) == 1, "a job that came to nothing is none"


async def test_bytes_are_kept_for_a_while_and_of_what_is_held_for_as_long_as_it_is(desk: Desk) -> None:
    at = await scene(desk)
    await _accept(at)
    mail = await the_mail(desk)
    old, now = wall_now() - timedelta(days=90), wall_now()
    shown = {"body_text": "The calls drop.", "body_html": "<p>The calls drop.</p>"}

    for state in ("received", "held", "quarantined"):
        await change(desk, mail, state=state, accepted_at=old - timedelta(days=1), **shown)
        assert await forget_bytes(desk.database, old, asyncio.Event()) == 0
    await change(desk, mail, state="done", accepted_at=now)
    assert await forget_bytes(desk.database, old, asyncio.Event()) == 0
    await change(desk, mail, state="done", accepted_at=old - timedelta(days=1))
    assert await forget_bytes(desk.database, old, asyncio.Event()) == 1
    assert await forget_bytes(desk.database, old, asyncio.Event()) == 0

    kept = await the_mail(desk)
    assert (kept.raw, kept.body_text, kept.body_html, kept.size) == (None, None, None, mail.size)


async def test_the_workers_housekeeping_forgets_bytes_after_the_days_that_are_set(desk: Desk) -> None:
    at = await scene(desk)
    await _accept(at)
    await change(desk, await the_mail(desk), state="rejected")
    await desk.worker.keep_house(wall_now() + timedelta(days=89))
    assert (await the_mail(desk)).raw is not None
    await desk.worker.keep_house(wall_now() + timedelta(days=91))
    assert (await the_mail(desk)).raw is None


async def test_a_mail_whose_bytes_are_gone_cannot_be_taken_again(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    argument = await _accept(at)
    await change(desk, await the_mail(desk), raw=None)
    await _taker(at, parsers).take(argument)
    mail = await the_mail(desk)
    assert (mail.state, mail.reason, mail.detail) == (
        "held",
        "parse_failed",
        "the bytes of the mail are no longer kept",
    )


async def test_mail_to_two_mailboxes_is_one_ticket(desk: Desk, parsers: ParserPool) -> None:
    at = await scene(desk)
    other = await Post(desk).mailbox("help@operator.example")
    first = await _accept(at)
    second = str(await accept(desk.database, other, "lmtp", ANN, [other.address], raw_of(MAIL), wall_now()))
    for argument in (first, second):
        await _taker(at, parsers).take(argument)
    assert await at.post.tickets() == 1
