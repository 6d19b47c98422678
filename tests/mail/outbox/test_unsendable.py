"""What cannot be sent at all: it fails once, says why, and is no job that is found again for ever."""

from datetime import timedelta

import pytest

from app.infra.now import wall_now
from app.mail.outbox.carrier import Carried, Carrier
from app.mail.outbox.sending import Postman, find_lost
from tests.desk import Desk
from tests.mail.outbox.writing import ANN, ann_with_ticket, mails, send, set_mails
from tests.mail_sink import MailSink


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("recipient = 'änn@customer.example'", "the recipient 'änn@customer.example'"),
        ("recipient = 'an n@customer.example'", "the recipient 'an n@customer.example'"),
        ("recipient = ''", "the recipient ''"),
        ("bounces_to = 'desk@störung.example', mailbox_id = null", "the envelope's sender 'desk@störung.example'"),
        (f"bounces_to = '{'b' * 40}@op.example'", "the envelope's sender 'bbb"),
    ],
)
async def test_what_cannot_be_sent_has_failed_and_says_why(desk: Desk, change: str, said: str) -> None:
    await ann_with_ticket(desk)
    await set_mails(desk, change)
    async with MailSink() as sink:
        await send(desk, sink)
        assert sink.taken == []

    (mail,) = await mails(desk)
    assert (mail["state"], mail["answer"][: len(said)]) == ("failed", said)
    problem = await desk.staff.refused("POST", f"/outgoing-mail/{mail['id']}/retry", "conflict")
    assert said in problem["detail"]
    async with desk.database.transaction() as session:
        assert await find_lost(session, wall_now() + timedelta(days=1)) == 0


class _Speechless(Carrier):
    async def carry(self, envelope_from: str, recipient: str, content: bytes) -> Carried:  # noqa: ARG002 - the same
        raise ValueError(f"no words for {recipient}")


async def test_what_smtp_cannot_be_given_has_failed(desk: Desk) -> None:
    await ann_with_ticket(desk)
    (job,) = await desk.picked("mail.send")
    await Postman(desk.database, desk.settings, _Speechless("smtp://127.0.0.1")).send(job)

    (mail,) = await mails(desk)

    assert (mail["state"], mail["answer"]) == ("failed", f"the mail cannot be sent as it is: no words for {ANN}")


@pytest.mark.parametrize("address", ["dösk@op.example", "desk@öp.example", f"{'d' * 24}@op.example", "a..b@op.example"])
async def test_a_mailbox_has_an_address_that_replies_can_come_to(desk: Desk, address: str) -> None:
    problem = await desk.staff.refused("POST", "/mailboxes", "validation_failed", {"address": address})

    assert "at most 23" in str(problem)
    await desk.staff.post("/mailboxes", {"address": f"{'d' * 23}@op.example"})
