"""Whatever callers write, it ends no header line; and a mail reads again as it was written."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.outbox.headers import Seen, one_line, sendable, subject_of, thread_headers
from app.mail.outbox.mime import message_bytes

EVIL = ["\r\nBcc: x@evil.example", "\nBcc: x", "\rBcc: x", "a\x00b", "a\u2028Bcc: x", "a\u2029b", "\x85Bcc: x", "\x0bx"]
ALL = {"Date", "From", "To", "Subject", "Message-ID", "Content-Type", "MIME-Version"}


@dataclass
class Mail:
    subject: str = "Hello"
    sender_name: str = "Desk"
    recipient_name: str = "Ann"
    body_text: str = "Hello"
    body_html: str | None = "<p>Hello</p>"
    sender: str = "desk@op.example"
    recipient: str = "ann@customer.example"
    headers: dict[str, str] = field(default_factory=dict)
    message_key: str = "oml_1.abc@op.example"
    created_at: datetime = datetime(2026, 6, 10, 12, tzinfo=UTC)


def _read(mail: Mail) -> EmailMessage:
    content = message_bytes(mail)
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\x00" not in content
    assert content.isascii()
    read = message_from_bytes(content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert set(read.keys()) == ALL
    return read


@pytest.mark.parametrize("evil", EVIL)
def test_no_text_of_a_callers_makes_a_header_of_its_own(evil: str) -> None:
    read = _read(Mail(subject=f"Trunk{evil}", sender_name=f"Ä{evil}", recipient_name=f"Ann{evil}"))

    assert read["Subject"] == one_line(f"Trunk{evil}")
    assert [one.addr_spec for one in read["To"].addresses] == ["ann@customer.example"]
    assert [one.addr_spec for one in read["From"].addresses] == ["desk@op.example"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)


@given(subject=TEXT, name=TEXT, body=TEXT)
def test_a_mail_reads_again_as_it_was_written(subject: str, name: str, body: str) -> None:
    read = _read(Mail(subject=subject, recipient_name=name, body_text=body.replace("\x00", "")))

    assert read["Subject"] == one_line(subject)
    (to,) = read["To"].addresses
    assert to.addr_spec == "ann@customer.example"
    # The standard library keeps the fold between encoded words of a name, which RFC 2047 takes out.
    assert "".join(to.display_name.split()) == "".join(one_line(name).split())
    plain = read.get_body(("plain",))
    assert plain is not None
    wanted = body.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    assert plain.get_payload(decode=True) == wanted.replace("\n", "\r\n").encode()


def test_long_lines_and_lone_dots_go_as_they_are() -> None:
    body = "x" * 5000 + "\n.\n..two\nžima — üñ\n"
    plain = _read(Mail(body_text=body)).get_body(("plain",))

    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == body


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("Ann.O'Neil+x@Customer.Example", "Ann.O'Neil+x@customer.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("änn@customer.example", None),
        ('"ann"@customer.example', None),
        ("ann,bob@customer.example", None),
        ("ann>@customer.example", None),
        ("ann@customer.example>", None),
        ("ann@[127.0.0.1]", None),
        ("ann\x01@customer.example", None),
        ("@customer.example", None),
        ("a" * 65 + "@customer.example", None),
    ],
)
def test_only_plain_addresses_are_written_to(address: str, wanted: str | None) -> None:
    assert sendable(address) == wanted


def test_a_subject_has_its_tag_once_and_an_end() -> None:
    assert subject_of("TL-7", "[TL-7] down") == "[TL-7] down"
    assert subject_of("TL-7", "down\r\nBcc: x") == "[TL-7] down Bcc: x"
    assert len(subject_of("TL-7", "x" * 400)) == 250


def test_a_thread_names_what_its_reader_has_seen() -> None:
    ann, bob = uuid4(), uuid4()
    seen = [
        Seen("1@staff.op.example", "boss@op.example", None, received=True),
        Seen("2@desk", "ann@x", ann, received=False),
        Seen("3@desk", "maria@op.example", None, received=False),
        Seen("4@ann", "ann@y", ann, received=True),
        Seen("5@bob", "bob@x", bob, received=True),
        Seen("<bad> id", "ann@x", ann, received=True),
    ]

    everything = thread_headers("root@desk", seen, "ann@x", ann, only_own=False)
    own = thread_headers("root@desk", seen, "ann@x", ann, only_own=True)

    assert everything["References"].split() == ["<root@desk>", "<1@staff.op.example>", "<2@desk>", "<4@ann>", "<5@bob>"]
    assert own == {"In-Reply-To": "<4@ann>", "References": "<root@desk>\r\n <2@desk>\r\n <4@ann>"}
    assert thread_headers("root@desk", [], "ann@x", ann, only_own=True)["In-Reply-To"] == "<root@desk>"
    long = [Seen(f"{number}@desk", "ann@x", ann, received=False) for number in range(60)]
    kept = thread_headers("root@desk", long, "ann@x", ann, only_own=True)["References"].split()
    assert (len(kept), kept[4], kept[5], kept[-1]) == (21, "<3@desk>", "<44@desk>", "<59@desk>")
