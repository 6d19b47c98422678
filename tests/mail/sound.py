"""What holds of every mail that was read, whatever its bytes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from app.infra.file_names import MOST_BYTES
from app.mail.parsing import caps
from app.mail.parsing.parsed import ParsedMail

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BODY_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\]+@[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def assert_sound(mail: ParsedMail) -> None:
    """Hold a mail against all that its readers rely on."""
    for text in _texts(mail):
        text.encode()  # no half of a character, or the database would not have it
        assert "\0" not in text
    bodies = {mail.text, mail.new_text, mail.html or ""}
    for text in _texts(mail):
        assert not (_BODY_CONTROLS if text in bodies else _CONTROLS).search(text)
    _assert_fields(mail)
    _assert_files(mail)


def _assert_fields(mail: ParsedMail) -> None:
    ids = (*mail.in_reply_to, *mail.references, *((mail.message_id,) if mail.message_id is not None else ()))
    assert all(each and not re.search(r"[\s<>]", each) and len(each) <= caps.MESSAGE_ID for each in ids)
    assert len(mail.references) <= caps.REFERENCES
    people = (*mail.to, *mail.cc, *mail.reply_to, *((mail.author,) if mail.author else ()))
    assert all(_ADDRESS.fullmatch(each.address) for each in people)
    assert (mail.author is None) == (mail.author_fault is not None)
    assert len(mail.subject) <= caps.SUBJECT
    assert len(mail.text.encode()) <= caps.TEXT
    assert mail.sent_at is None or mail.sent_at.utcoffset() is not None


def _assert_files(mail: ParsedMail) -> None:
    assert len(mail.attachments) <= caps.FILES
    assert sum(len(each.content) for each in mail.attachments) <= caps.ALL_FILES
    for each in mail.attachments:
        assert 0 < len(each.name.encode()) <= MOST_BYTES
        assert not re.search(r"[/\\]|^\.", each.name)
        assert each.media_type not in {"text/html", "image/svg+xml"}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _texts(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from _texts(key)
            yield from _texts(held)
    elif isinstance(value, (tuple, list)):
        for held in value:
            yield from _texts(held)
