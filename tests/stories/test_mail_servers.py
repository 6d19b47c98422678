"""Mail by real servers: a customer's program, Postfix, the desk's own processes, Postfix again, Dovecot's inbox.

What is asserted is what staff see through the API and the customer in the inbox. Where the servers are absent, these
tests are skipped and say why.
"""

import asyncio
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
ROBIN = "robin@customer.example"
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


async def test_a_mail_becomes_a_ticket_and_the_answers_to_it_come_back_to_it(database_url: str, tmp_path: Path) -> None:
    async with mail_desk(database_url, tmp_path, "ann") as desk:
        ann = await desk.contact("ann")
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
        assert [one["id"] for one in await desk.tickets()] == [ticket["id"]]


async def test_what_its_domain_disowns_is_quarantined(database_url: str, tmp_path: Path) -> None:
    async with mail_desk(database_url, tmp_path, "ann") as desk:
        await desk.contact("ann", email="ann@forged.example")
        await _write(desk, "ann@forged.example")
        [came] = await desk.until(partial(desk.inbound, state="quarantined"))
        assert (came["reason"], came["verified"], came["ticket_id"]) == ("dmarc_fail", False, None)
        assert (await desk.tickets(), await desk.outgoing()) == ([], [])
