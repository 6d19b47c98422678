"""Groups 6 to 9: mails that are too much become held stubs, at once, with their bytes."""

import time
from collections.abc import Callable

import pytest

from tests.mail.corpus import CRLF, enclosed, envelope, header, multipart, part, plain
from tests.mail.nasty.office import Office

BOUND = 1.0  # seconds; it is a few milliseconds, but a machine may be busy


def multiparts_within(depth: int) -> bytes:
    """Return a mail of parts in parts."""
    inner = part("deep")
    for number in range(depth):
        inner = enclosed("mixed", inner, boundary=f"b{number}.")
    return envelope() + inner


def mails_within(depth: int) -> bytes:
    """Return a mail in a mail."""
    inner = plain("deep")
    for _ in range(depth):
        inner = header(("Content-Type", "message/rfc822")) + CRLF + inner
    return inner


def to_many() -> bytes:
    """Return a mail to 40,000 people."""
    return plain(to=", ".join(f"person{number}@x.example" for number in range(40_000)))


TOO_MUCH: dict[str, tuple[Callable[[], bytes], str]] = {
    "group 6: parts 1,000 deep": (lambda: multiparts_within(1_000), "too_deep"),
    "group 6: mails 1,000 deep": (lambda: mails_within(1_000), "too_deep"),
    "group 7: 40,000 recipients": (to_many, "header_too_large"),
    "group 7: 100,000 parentheses": (lambda: plain(sender="(" * 100_000 + "a@x.example"), "field_too_large"),
    "group 8: 20,000 parameters": (lambda: plain(content_type="text/plain" + "; a=b" * 20_000), "field_too_large"),
    "group 8: 50,000 fields": (lambda: plain(headers=[("X", "y")] * 50_000), "too_many_fields"),
    "group 8: a line of 10 MB": (lambda: plain("x" * 10_000_000), "line_too_long"),
    "group 9: 20,000 empty parts": (lambda: multipart(*[CRLF] * 20_000, boundary="b"), "too_many_parts"),
}


async def test_groups_6_to_9_what_is_too_much_is_a_held_stub_that_staff_see_with_its_bytes(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    await office.bring(plain("First, so that the process that parses runs.", message_id="<0@x>"))
    figures = []
    for name, (build, reason) in TOO_MUCH.items():
        raw = build()
        mail_id = await office.accept(raw)
        began = time.perf_counter()
        await office.take()
        took = time.perf_counter() - began
        figures.append(f"{name}, {len(raw) // 1024} KB: {took * 1000:.0f} ms")
        mail = await office.seen(mail_id)
        assert (mail["state"], mail["reason"], mail["ticket_id"]) == ("held", reason, None), name
        assert mail["detail"].endswith(".")
        assert await office.original(mail) == raw
        assert took < BOUND, figures[-1]
    with capsys.disabled():
        print("\nfrom a job to a held stub:", *figures, sep="\n  ")  # noqa: T201 - the true figures

    assert len((await office.desk.staff.get("/inbound-mail", state="held"))["data"]) == len(TOO_MUCH)
    assert len(await office.tickets()) == 1  # and the desk goes on
    assert (await office.bring(plain("The next one.", message_id="<1@x>")))["state"] == "done"
