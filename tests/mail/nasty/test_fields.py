"""Groups 1 to 3 and 10 to 12: fields of the header that lie, break or mean two things."""

import base64
from typing import Any

import pytest

from app.infra.now import wall_now
from app.infra.wire import rfc3339
from tests.mail.corpus import plain
from tests.mail.nasty.office import ANN, BOSS, STRANGER, Office, field_of


def word(text: str) -> str:
    """Return a text as an encoded word."""
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


async def test_group_1_a_line_break_in_a_name_makes_a_ticket_of_somebody_with_a_clean_name(office: Office) -> None:
    mail = await office.bring(plain(sender=f"=?utf-8?q?Ann=0ALee?= <{ANN}>"))
    assert (mail["state"], mail["sender"], mail["read"]["from"]) == ("done", ANN, f"Ann Lee <{ANN}>")
    assert (await office.ticket(mail))["contact_id"] == office.ann["id"]
    newcomer = await office.bring(plain(sender="=?utf-8?q?New=0A=0DComer?= <new@voipco.example>", message_id="<n@x>"))
    contacts = (await office.reseller.get("/contacts"))["data"]
    assert [each["name"] for each in contacts if each["id"] == newcomer["contact_id"]] == ["New Comer"]


async def test_group_2_a_line_break_in_a_subject_is_no_new_field_of_the_acknowledgement(office: Office) -> None:
    ticket, _, told = await office.opened(plain(subject="=?utf-8?q?Hi=0D=0ABcc:_x@evil.example?="))
    assert ticket["subject"] == "Hi Bcc: x@evil.example"
    assert field_of(told, "Subject") == f"[{ticket['number']}] Hi Bcc: x@evil.example"
    assert not {"bcc", "cc"} & {field["name"].lower() for field in told["headers"]}
    assert [each["recipient"] for each in await office.sent()] == [ANN]


IDS: dict[str, list[tuple[str, str | bytes]]] = {
    "empty": [("Message-ID", "<>")],
    "in square brackets": [("Message-ID", "<[abc@microsoft.com]>")],
    "none": [],
    "two": [("Message-ID", "<one@x>"), ("Message-ID", "<two@x>")],
}


async def test_group_3_a_mail_without_a_proper_message_id_is_accepted_once(office: Office) -> None:
    raws = [plain(name, message_id=None, headers=fields) for name, fields in IDS.items()]
    mails = [await office.bring(raw) for raw in raws]
    assert [mail["state"] for mail in mails] == ["done"] * 4
    assert len({mail["ticket_id"] for mail in mails}) == 4
    assert "several_message_ids" in mails[3]["read"]["flags"]
    again = [await office.bring(raw) for raw in raws]
    assert [mail["id"] for mail in again] == [mail["id"] for mail in mails]
    assert len(await office.sent(kind="acknowledgement")) == 4


DATES = [
    None,
    "Tue, 10 Nov 2099 09:30:00 +0100",
    "Tue, 10 Nov 99999 09:30:00 +0100",
    "Tue, 10 Nov 2026 09:30:00 +0100 (" + "x" * 147 + ")",
]


async def test_group_10_where_a_date_cannot_be_the_time_of_receipt_counts(office: Office) -> None:
    for number, date in enumerate(DATES):
        before = rfc3339(wall_now())
        mail = await office.bring(plain(str(number), date=date, message_id=f"<{number}@x>"))
        ticket = await office.ticket(mail)
        assert (mail["state"], mail["read"]["sent_at"]) == ("done", None)
        assert before <= mail["accepted_at"] == ticket["created_at"]


NOBODY: dict[str, dict[str, Any]] = {
    "empty": {"sender": ""},
    "an empty group": {"sender": "undisclosed:;"},
    "two mailboxes": {"sender": f"{BOSS}, {STRANGER}"},
    "two fields": {"sender": STRANGER, "headers": [("From", BOSS)]},
    "a name that spells the boss": {"sender": f'"{BOSS}" <{STRANGER}>'},
    "an encoded name that opens a bracket": {"sender": f"{word(f'{BOSS} <')} <{STRANGER}>"},
}


@pytest.mark.parametrize("domain", ["voipco.example", "x.example"])
async def test_group_11_a_from_of_two_meanings_never_makes_the_boss_the_author(office: Office, domain: str) -> None:
    ticket, address, _ = await office.opened(plain())
    for name, members in NOBODY.items():
        forged = {"message_id": f"<{name.replace(' ', '.')}@x>"} | members
        new = await office.bring(plain(f"Open: {name}.", **forged), sender=STRANGER, domain=domain)
        assert (new["state"], new["reason"], new["sender"]) == ("held", "unknown_sender", None), name
        reply = await office.bring(plain(f"Close: {name}.", **forged), address, STRANGER, domain=domain)
        assert (reply["verified"], reply["contact_id"], reply["ticket_id"]) == (False, None, ticket["id"]), name
        message = (await office.messages(ticket))[-1]
        assert (message["visibility"], message["automatic"]) == ("internal", True)
        assert (message["author"]["kind"], message["author"]["id"]) == ("sender", None)
    assert len(await office.sent()) == 1  # what Ann was told of her ticket


NAME = "Иван Петров"
READABLE: list[tuple[bytes, str, str]] = [
    (f"{NAME} <{ANN}>".encode(), f"{NAME} <{ANN}>", ANN),
    (f"{NAME} <{ANN}>".encode("koi8-r"), f"{NAME} <{ANN}>", ANN),
    (f"{NAME} <иван@voipco.example>".encode(), f"{NAME} <иван@voipco.example>", "иван@voipco.example"),
    ("Jo <jo@Bücher.example>".encode(), "Jo <jo@Bücher.example>", "jo@xn--bcher-kva.example"),
    (
        "The Boss <boss@v\u043eipco.example>".encode(),
        "The Boss <boss@v\u043eipco.example>",
        "boss@xn--vipco-jye.example",
    ),
]


async def test_group_12_names_are_readable_and_the_domain_stands_beside_in_ascii(office: Office) -> None:
    seen = [
        await office.bring(plain(str(number), sender=sender, message_id=f"<{number}@x>"), sender=None)
        for number, (sender, _, _) in enumerate(READABLE)
    ]
    assert [(each["read"]["from"], each["sender"]) for each in seen] == [(shown, of) for _, shown, of in READABLE]
    states = [(each["state"], each["reason"]) for each in seen]
    assert states[:3] == [("done", None)] * 3
    assert states[3:] == [("held", "unknown_sender")] * 2  # a look-alike is a stranger, whatever our server states
    assert (await office.ticket(seen[0]))["contact_id"] == office.ann["id"]
    # Plain SMTP does not take the third one's address: its acknowledgement says so, and nothing else breaks.
    told = {(each["recipient"], each["state"]) for each in await office.sent()}
    assert told == {(ANN, "captured"), ("иван@voipco.example", "suppressed")}
