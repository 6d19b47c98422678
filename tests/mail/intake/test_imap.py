"""Mail from an inbox: what the poller brings out of a real Dovecot, and what it leaves there."""

import imaplib
from collections.abc import Iterator

import pytest

from app.infra.db import Database
from app.infra.now import wall_now
from app.mail.intake import imap
from app.mail.intake.accepting import MOST_BYTES, STUB_BYTES
from app.mail.intake.imap import Inbox, Poller
from tests.desk import Desk
from tests.mail.corpus import plain
from tests.mail.intake.post import DESK, Post
from tests.mail.intake.ways import ANN, jobs, mails, the_mail
from tests.mail_servers import SUPPORT, MailServers, missing
from tests.stories.processes import free_port

_MISSING = missing()
pytestmark = [
    pytest.mark.skipif(_MISSING is not None, reason=str(_MISSING)),
    pytest.mark.xdist_group("mail_servers"),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    with MailServers() as running:
        yield running


@pytest.fixture
def inbox(servers: MailServers) -> MailServers:
    """The servers, with nothing in the inbox."""
    with servers.imap(SUPPORT, readonly=False) as client:
        for number in client.search(None, "ALL")[1][0].split():
            client.store(number.decode(), "+FLAGS", r"\Deleted")
        client.expunge()
    return servers


def _put(inbox: MailServers, content: bytes) -> None:
    with inbox.imap(SUPPORT, readonly=False) as client:
        assert client.append("INBOX", "", imaplib.Time2Internaldate(wall_now()), content)[0] == "OK"


def _forget_flags(inbox: MailServers) -> None:
    with inbox.imap(SUPPORT, readonly=False) as client:
        client.store("1:*", "-FLAGS", r"\Seen")


def _mail(text: str = "The calls drop.", to: str = DESK, sender: str = f"<{ANN}>") -> bytes:
    return plain(text, headers=(("Return-Path", sender), ("Delivered-To", to), ("Received", "by mx"))) + b"\r\n"


async def test_a_mail_is_brought_once_and_marked(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    content = _mail(to="support+a.b@operator.example")
    _put(inbox, content)
    poller = Poller(desk.database, inbox.imap_url)

    assert await poller.poll() == imap.EVERY
    assert await poller.poll() == imap.EVERY

    mail = await the_mail(desk)
    assert (mail.raw, mail.source, mail.state) == (content, "imap", "received")
    assert (mail.envelope_from, mail.envelope_to) == (ANN, ["support+a.b@operator.example"])
    assert await jobs(desk) == [str(mail.id)]
    assert inbox.unseen(SUPPORT) == 0


async def test_a_crash_between_the_commit_and_the_mark_brings_no_second_mail(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    _put(inbox, _mail())
    await Poller(desk.database, inbox.imap_url).poll()
    _forget_flags(inbox)

    await Poller(desk.database, inbox.imap_url).poll()

    assert len(await mails(desk)) == len(await jobs(desk)) == 1
    assert inbox.unseen(SUPPORT) == 0


async def test_with_the_database_away_nothing_is_marked(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    _put(inbox, _mail())
    away = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/none")

    with pytest.raises(OSError, match="Connect call failed"):
        await Poller(away, inbox.imap_url).poll()

    assert inbox.unseen(SUPPORT) == 1
    await Poller(desk.database, inbox.imap_url).poll()
    assert (await the_mail(desk)).state == "received"


async def test_a_mail_for_no_mailbox_stays_and_is_brought_once_there_is_one(desk: Desk, inbox: MailServers) -> None:
    _put(inbox, _mail("one", to="later@operator.example"))
    _put(inbox, _mail("two"))
    await Post(desk).mailbox()
    poller = Poller(desk.database, inbox.imap_url)

    await poller.poll()
    assert (await the_mail(desk)).envelope_to == [DESK]
    assert inbox.unseen(SUPPORT) == 1

    await Post(desk).mailbox("later@operator.example")
    await poller.poll()
    assert len(await mails(desk)) == 2
    assert inbox.unseen(SUPPORT) == 0


async def test_the_url_names_the_mailbox_of_mail_that_names_none(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    _put(inbox, plain(to="hidden@operator.example") + b"\r\n")
    await Poller(desk.database, f"{inbox.imap_url}?mailbox={DESK}").poll()
    mail = await the_mail(desk)
    assert (mail.envelope_from, mail.envelope_to) == (None, [DESK])


async def test_a_broken_mail_keeps_no_other_back(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    broken = [
        b"Delivered-To: supp\xffrt@operator.example\r\nReceived: by mx\r\n\r\none\r\n",
        b"Delivered-To: " + b"x" * 5000 + b"@operator.example\r\nReceived: by mx\r\n\r\ntwo\r\n",
        (
            b"Return-Path: <\xff\xfe@voipco.example>\r\nDelivered-To: support@operator.example\r\n"
            b"Received: by mx\r\n\r\nthree\r\n"
        ),
        b"no header at all",
    ]
    for content in [*broken, _mail()]:
        _put(inbox, content)

    await Poller(desk.database, inbox.imap_url).poll()

    assert [mail.raw for mail in await mails(desk)] == [broken[2], _mail()]
    assert inbox.unseen(SUPPORT) == 3


async def test_a_mail_that_is_gone_when_it_is_fetched_keeps_no_other_back(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    _put(inbox, _mail("one"))
    _put(inbox, _mail("two"))
    poller = Poller(desk.database, inbox.imap_url)
    box = Inbox.of(inbox.imap_url).open()
    uids = box.uids("UNSEEN")
    with inbox.imap(SUPPORT, readonly=False) as client:
        client.store("1", "+FLAGS", r"\Deleted")
        client.expunge()

    for uid in uids:
        await poller._bring_one(box, uid)

    box.logout()
    assert (await the_mail(desk)).raw == _mail("two")


async def test_a_mail_that_is_too_large_is_held_by_its_beginning(desk: Desk, inbox: MailServers) -> None:
    await Post(desk).mailbox()
    content = _mail() + (b"x" * 998 + b"\r\n") * (MOST_BYTES // 1000 + 1)
    _put(inbox, content)

    await Poller(desk.database, inbox.imap_url).poll()
    _forget_flags(inbox)
    await Poller(desk.database, inbox.imap_url).poll()

    mail = await the_mail(desk)
    assert (mail.state, mail.reason, mail.size) == ("held", "too_large", len(content))
    assert mail.raw == content[:STUB_BYTES]
    assert inbox.unseen(SUPPORT) == 0


async def test_an_inbox_that_cannot_be_read_is_tried_less_and_less_often(desk: Desk, inbox: MailServers) -> None:
    for url in (f"imap://a:b@127.0.0.1:{free_port()}/INBOX", inbox.imap_url.replace(":of-no", ":wrong"),
                inbox.imap_url.replace("/INBOX", "/Nowhere")):  # fmt: skip
        poller = Poller(desk.database, url)
        assert [await poller.poll() for _ in range(5)] == [60.0, 120.0, 240.0, 480.0, 600.0]


def test_an_address_of_an_inbox_is_read() -> None:
    read = Inbox.of("imaps://a%40b.example:p%2Fw@mail.example/Help%20desk?mailbox=support%2Bx@operator.example")
    assert read == Inbox("imaps", "mail.example", 993, "a@b.example", "p/w", "Help desk", "support+x@operator.example")
    assert Inbox.of("imap+starttls://a:b@mail.example:1143").folder == "INBOX"
