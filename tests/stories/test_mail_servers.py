"""Mail by real servers: a customer's program, Postfix, the desk's own processes, Postfix again, Dovecot's inbox.

What is asserted is what staff see through the API and the customer in the inbox. Where the servers are absent, these
tests are skipped and say why.
"""

import asyncio
from collections import Counter
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from app.mail.addressing.tokens import read_token
from tests.desk import Json
from tests.mail_servers import SUPPORT, missing
from tests.stories.mail_clients import Responder, answer, letter, read, text_of
from tests.stories.mail_desk import MailDesk, desk_with_inbox, mail_desk, working

_WHY = missing()
pytestmark = [pytest.mark.timeout(180), pytest.mark.skipif(_WHY is not None, reason=_WHY or "")]

ANN = "ann@customer.example"
FORGER = "eve@forged.example"
MARKED, BARE, ANEW = (f"{name}@customer.example" for name in ("marked", "bare", "anew"))
QUIET = 2.0  # seconds without a mail: whatever answers, has come to an end
LOOPS = 40.0
SOUND = "Calls have no sound since noon."


def _inbox(desk: MailDesk, address: str, wanted: int) -> list[EmailMessage]:
    return [read(each) for each in desk.servers.inbox(address, wanted)]


async def _write(desk: MailDesk, sender: str = ANN, text: str = SOUND) -> EmailMessage:
    mail = letter(sender, SUPPORT, "No sound", text)
    await asyncio.to_thread(desk.servers.send, mail, sender, SUPPORT)
    return mail


async def _reply(desk: MailDesk, ticket: Json, text: str) -> None:
    await desk.staff.post(f"/tickets/{ticket['id']}/messages", {"body": text})


async def _read(desk: MailDesk, ticket: Json) -> Json:
    found: Json = await desk.staff.get(f"/tickets/{ticket['id']}")
    return found


async def _is_opened_and_acknowledged(desk: MailDesk, written: EmailMessage, contact: Json) -> Json:
    [ticket] = await desk.until(desk.tickets)
    [came] = await desk.inbound()
    clock = (await desk.staff.clocks(ticket))["first_response"]
    [acknowledgement] = _inbox(desk, ANN, 1)

    assert (ticket["channel"], ticket["subject"], ticket["contact_id"]) == ("email", "No sound", contact["id"])
    assert (ticket["description"], ticket["reseller_id"]) == (SOUND, desk.reseller_id)
    assert (came["state"], came["verified"], came["ticket_id"]) == ("done", True, ticket["id"])
    assert clock["started_at"] == came["accepted_at"] == ticket["created_at"]
    assert acknowledgement["In-Reply-To"] == written["Message-ID"]
    assert written["Message-ID"] in acknowledgement["References"].split()
    assert ticket["number"] in acknowledgement["Subject"]
    assert (acknowledgement["Auto-Submitted"], acknowledgement["Return-Path"]) == ("auto-replied", "<>")
    return ticket


async def test_a_mail_becomes_a_ticket_the_answers_come_back_to_it_and_a_forged_one_opens_none(
    database_url: str, tmp_path: Path
) -> None:
    async with mail_desk(database_url, tmp_path, "ann") as desk:
        ann = await desk.contact("ann")
        await desk.contact("eve", email=FORGER)
        written = await _write(desk)
        ticket = await _is_opened_and_acknowledged(desk, written, ann)

        await _reply(desk, ticket, "Which trunk is it?")
        _, question = _inbox(desk, ANN, 2)
        token = read_token(question["Reply-To"])
        assert (token and token.kind, token and token.mailbox) == ("reply", SUPPORT)
        came_from = read_token(question["Return-Path"])
        assert (came_from and came_from.kind, "Auto-Submitted" in question) == ("bounce", False)
        assert written["Message-ID"] in question["References"].split()
        assert "Which trunk is it?" in text_of(question)
        assert (await desk.staff.clocks(ticket))["first_response"]["met_at"] is not None

        await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "pending"})
        desk.servers.send(answer(question, ANN, "It is trunk 7."), ANN, question["Reply-To"])
        _, told = await desk.until(partial(desk.messages, ticket), 2)
        assert (told["body"], told["visibility"], told["author"]["id"]) == ("It is trunk 7.", "public", ann["id"])
        assert (await _read(desk, ticket))["status"] == "open"

        await desk.staff.patch(f"/tickets/{ticket['id']}", {"status": "resolved"})
        *_, resolved = _inbox(desk, ANN, 3)
        assert resolved["Auto-Submitted"] == "auto-generated"
        desk.servers.send(answer(resolved, ANN, "It is back."), ANN, resolved["Reply-To"])
        *_, again = await desk.until(partial(desk.messages, ticket), 3)
        assert (again["body"], (await _read(desk, ticket))["status"]) == ("It is back.", "open")

        await _write(desk, FORGER)
        [forged] = await desk.until(partial(desk.inbound, state="quarantined"))
        assert (forged["reason"], forged["verified"], forged["ticket_id"]) == ("dmarc_fail", False, None)
        assert [one["id"] for one in await desk.tickets()] == [ticket["id"]]
        assert {one["recipient"] for one in await desk.outgoing()} == {ANN}


async def test_what_cannot_be_delivered_comes_back_and_in_the_end_nothing_more_is_sent(
    database_url: str, tmp_path: Path
) -> None:
    async with mail_desk(database_url, tmp_path) as desk:
        gone = await desk.contact("gone")
        body = {"subject": "No sound", "description": SOUND, "priority": "low", "contact_id": gone["id"]}
        ticket = await desk.staff.post("/tickets", body | {"reseller_id": desk.reseller_id})
        bounced = partial(desk.outgoing, state="bounced")

        await _reply(desk, ticket, "Which trunk is it?")
        [mail] = await desk.until(bounced)
        bounce = (await desk.staff.get(f"/outgoing-mail/{mail['id']}"))["bounce"]
        once = (await desk.staff.get(f"/contacts/{gone['id']}"))["mail"]
        assert (mail["kind"], mail["recipient"], bounce["status"]) == ("reply", gone["email"], "5.1.1")
        assert "unknown user" in bounce["diagnostic"]
        assert (once["bounced_at"], once["suspended_at"]) == (bounce["at"], None)

        await _reply(desk, ticket, "Please tell us.")
        await desk.until(bounced, 2)
        *_, note = await desk.until(partial(desk.messages, ticket), 3)
        twice = (await desk.staff.get(f"/contacts/{gone['id']}"))["mail"]
        assert twice["suspended_at"] == twice["bounced_at"] > once["bounced_at"]
        assert (note["visibility"], note["author"]["kind"], note["automatic"]) == ("internal", "system", True)
        assert f"Mail to {gone['email']}" in note["body"]
        assert "the second time within seven days" in note["body"]

        await _reply(desk, ticket, "We shall close it, then.")
        await desk.until(partial(desk.outgoing, state="suppressed"))
        reports = await desk.inbound()
        assert [(one["state"], one["reason"], one["ticket_id"]) for one in reports] == [
            ("done", "bounce", ticket["id"])
        ] * 2


async def _let_answer(desk: MailDesk, *responders: Responder) -> None:
    """Let responders work until nothing more comes to them, and nothing is under way."""
    loop = asyncio.get_running_loop()
    answered = began = loop.time()
    while loop.time() < answered + QUIET or await _under_way(desk):
        for one in responders:
            if await asyncio.to_thread(one.work, desk.servers):
                answered = loop.time()
        assert loop.time() < began + LOOPS, f"there is no end to it: {len(await desk.outgoing())} mails"
        await asyncio.sleep(0.1)


async def _under_way(desk: MailDesk) -> bool:
    return bool(desk.servers.waiting() or await desk.inbound(state="received") or await desk.outgoing(state="queued"))


async def test_whatever_answers_by_itself_comes_to_an_end(database_url: str, tmp_path: Path) -> None:
    """One that says so, one that says nothing and answers where answers go, and one that writes anew each time."""
    async with mail_desk(database_url, tmp_path, "marked", "bare", "anew") as desk:
        marked = Responder(MARKED, ("Auto-Submitted", "auto-replied"))
        bare, anew = Responder(BARE), Responder(ANEW, threaded=False)
        people = {}
        for one in (marked, bare, anew):
            people[(await desk.contact(one.address.partition("@")[0]))["id"]] = one.address
            await _write(desk, one.address)
        found = {people[one["contact_id"]]: one for one in await desk.until(desk.tickets, 3)}
        await _let_answer(desk, marked, bare, anew)
        for _ in range(4):
            for address in (MARKED, BARE):
                await desk.staff.patch(f"/tickets/{found[address]['id']}", {"status": "resolved"})
            await _let_answer(desk, marked, bare, anew)

        assert await _fared(desk, MARKED) == {"acknowledgement sent": 1, "status sent": 1}
        answers = await desk.messages(found[MARKED])
        assert [(one["body"], one["automatic"]) for one in answers] == [("I am away.", True)] * 2
        # Its answers are a person's for all that can be told: they open the ticket three times an hour, and no more.
        assert await _fared(desk, BARE) == {"acknowledgement sent": 1, "status sent": 7}
        assert [(await _read(desk, found[one]))["status"] for one in (MARKED, BARE)] == ["resolved", "resolved"]
        assert await _fared(desk, ANEW) == {"acknowledgement sent": 5, "acknowledgement suppressed": 1}
        assert len(await desk.tickets()) == 1 + 1 + 6


async def _fared(desk: MailDesk, address: str) -> Counter[str]:
    return Counter(f"{one['kind']} {one['state']}" for one in await desk.outgoing(recipient=address))


async def test_a_mail_in_an_inbox_is_fetched_and_becomes_a_ticket(database_url: str, tmp_path: Path) -> None:
    async with desk_with_inbox(database_url, tmp_path, "ann") as desk:
        ann = await desk.contact("ann")
        written = await _write(desk)
        desk.servers.inbox(SUPPORT)
        with working(database_url, desk, TRUNKLINE_IMAP_URL=desk.servers.imap_url):
            await _is_opened_and_acknowledged(desk, written, ann)
            [came] = await desk.inbound()
            assert (await desk.staff.get(f"/inbound-mail/{came['id']}"))["source"] == "imap"
            async with asyncio.timeout(10):  # it is marked once it is committed, beside all that follows
                while desk.servers.unseen(SUPPORT):
                    await asyncio.sleep(0.1)
            assert len(desk.servers.read(SUPPORT)) == 1
