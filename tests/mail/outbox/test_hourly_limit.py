"""How many mails go out within an hour, in which order, and which ones wait for nothing."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from app.infra.now import wall_now
from tests.desk import Desk
from tests.mail.outbox.writing import ANN, ann_with_ticket, let_pass, mails, send, set_mails
from tests.mail_sink import MailSink


async def test_above_the_limit_of_an_hour_mails_wait_and_say_so(desk: Desk) -> None:
    _, ticket = await ann_with_ticket(desk)
    for _ in range(3):
        await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "hello"})
        await desk.publish()
    desk.settings = desk.settings.model_copy(update={"mail_out_per_hour": 2})
    async with MailSink() as sink:
        await send(desk, sink)

        assert len(sink.taken) == 2
        held = await mails(desk, state="queued")
        assert [one["attempts"] for one in held] == [0, 0]
        assert "TRUNKLINE_MAIL_OUT_PER_HOUR" in held[0]["answer"]


async def test_those_over_the_limit_go_one_after_the_other_and_each_wakes_once(desk: Desk) -> None:
    _, ticket = await ann_with_ticket(desk)
    for _ in range(3):
        await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "hello"})
    await desk.publish()
    desk.settings = desk.settings.model_copy(update={"mail_out_per_hour": 1})
    async with MailSink() as sink:
        await send(desk, sink)
        held = await mails(desk, state="queued")
        at = [datetime.fromisoformat(one["next_attempt_at"]) for one in held]
        waits = [second - first for first, second in pairwise(at)]
        assert waits == [timedelta(hours=1)] * 2
        assert timedelta(minutes=55) < at[0] - wall_now() <= timedelta(hours=1)
        assert [one["answer"].startswith("held back until ") for one in held] == [True] * 3
        await let_pass(desk)
        assert await send(desk, sink) == 3

        assert len(sink.taken) == 4


async def test_what_was_not_taken_leaves_its_place_in_the_hour_to_another(desk: Desk) -> None:
    _, ticket = await ann_with_ticket(desk)
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "hello"})
    await desk.publish()
    desk.settings = desk.settings.model_copy(update={"mail_out_per_hour": 1})
    async with MailSink() as sink:
        sink.at_rcpt[ANN] = ["451 4.3.0 busy"]
        await send(desk, sink)

        assert len(sink.taken) == 1
        (waiting,) = await mails(desk, state="queued")
        assert waiting["answer"].startswith("451")
        await let_pass(desk)
        await send(desk, sink)

        (waiting,) = await mails(desk, state="queued")
        assert waiting["answer"].startswith("held back until ")


@pytest.mark.parametrize("kind", ["call", "call_digest"])
async def test_no_limit_holds_back_a_call(desk: Desk, kind: str) -> None:
    _, ticket = await ann_with_ticket(desk)
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": "hello"})
    await desk.publish()
    desk.settings = desk.settings.model_copy(update={"mail_out_per_hour": 1})
    await set_mails(desk, f"kind = '{kind}', event_id = null where kind = 'reply'")
    async with MailSink() as sink:
        await send(desk, sink)

        assert len(sink.taken) == 2
    async with desk.database.transaction() as session:
        assert await session.scalar(text("select count(*) from outgoing_mails where slot_at is not null")) == 1
