"""Whatever the bytes, a mail is read or refused; and what is well-formed is read as the standard library reads it."""

import email
import random
from contextlib import suppress
from email.encoders import encode_base64
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32

from hypothesis import given, settings
from hypothesis import strategies as st

from app.mail.parsing.parse import parse
from app.mail.parsing.parsed import TooMuch
from app.mail.parsing.scanner import Node, scan
from tests.mail.corpus import header, multipart, part, plain
from tests.mail.fuzz import run_in_processes
from tests.mail.mutation import mutated, seeds
from tests.mail.sound import assert_sound

CORPUS = seeds()
NAMES = ["From", "To", "Subject", "Message-ID", "Date", "Content-Type", "References"]
LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60), max_size=6)


def read(raw: bytes) -> None:
    with suppress(TooMuch):
        assert_sound(parse(raw))


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read(raw)


@given(
    st.sampled_from(["From", "To", "Subject", "Message-ID", "Date", "Content-Type", "References"]),
    st.binary(max_size=300),
)
def test_any_field_is_read(name: str, value: bytes) -> None:
    read(header((name, value)) + b"\r\nHello")


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "8bit"]), st.text(max_size=20))
def test_any_body_is_read(body: bytes, encoding: str, charset: str) -> None:
    read(plain(body, encoding=encoding, content_type=f'text/plain; charset="{charset}"'))
    read(multipart(part(body, f'text/html; charset="{charset}"', encoding=encoding)))


@given(st.integers(min_value=0))
def test_any_mail_by_chance_is_read_or_refused(seed: int) -> None:
    read(mutated(random.Random(seed), CORPUS))


@given(st.binary(min_size=0, max_size=40), st.binary(max_size=40))
def test_bytes_around_a_mail_never_make_two_of_it(before: bytes, after: bytes) -> None:
    try:
        mail = parse(before + b"\r\n" + plain("one", message_id=None) + after)
    except TooMuch:
        return
    assert mail.message_id is None or mail.message_id.encode() in before


def leaves() -> st.SearchStrategy[Message]:
    text = st.builds(MIMEText, LINES.map("\n".join), st.sampled_from(["plain", "html"]), st.just("utf-8"))
    return text | st.binary(max_size=200).map(_file)


def _file(data: bytes) -> Message:
    made = MIMEBase("application", "octet-stream")
    made.set_payload(data)
    encode_base64(made)
    made.add_header("Content-Disposition", "attachment", filename="Счёт.bin")
    return made


def _multipart(kind: str, children: list[Message]) -> Message:
    made = MIMEMultipart(kind)
    for child in children:
        made.attach(child)
    return made


TREES = st.recursive(
    leaves(),
    lambda inner: st.builds(
        _multipart, st.sampled_from(["mixed", "alternative", "related"]), st.lists(inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(TREES, st.sampled_from(["\n", "\r\n"]))
def test_the_parts_of_a_well_formed_mail_are_those_of_the_standard_library(tree: Message, ends: str) -> None:
    raw = tree.as_bytes(policy=compat32.clone(linesep=ends))
    expected = email.message_from_bytes(raw, policy=compat32)
    assert _shape_of(raw, scan(raw)) == _shape(expected)
    assert [each.name for each in parse(raw).attachments] == ["Счёт.bin"] * _files(expected)


def _shape_of(raw: bytes, node: Node) -> object:
    if node.children:
        return node.media_type, [_shape_of(raw, each) for each in node.children]
    return node.media_type, raw[node.start : node.end]


def _shape(message: Message) -> object:
    if message.is_multipart():
        children = message.get_payload()
        assert isinstance(children, list)
        return message.get_content_type(), [_shape(each) for each in children if isinstance(each, Message)]
    payload = message.get_payload()
    assert isinstance(payload, str)
    return message.get_content_type(), payload.encode("ascii", "surrogateescape")


def _files(message: Message) -> int:
    return sum(each.get_content_disposition() == "attachment" for each in message.walk())


def test_mails_by_chance_in_processes_for_five_seconds() -> None:
    """A run of ``make fuzz`` in small, always of the same mails."""
    found = run_in_processes(seconds=5.0, first=1, processes=1)
    assert found.failures == []
    assert found.count > 50
