"""Groups 4, 5, 26, 27 and 29: bodies in no charset, without an end, quoted, in hostile HTML, and no mail at all."""

# ruff: noqa: RUF001 - Russian answers
import time
from collections.abc import Callable

import pytest

from tests.mail.corpus import envelope, header, multipart, part, plain
from tests.mail.nasty.office import Office, stated
from tests.mail.parsing.test_html import inspected

CHARSETS: dict[str, tuple[str, bytes, str]] = {
    "a charset that nobody knows": ("text/plain; charset=x-nonsense", b"caf\xe9 down", "café down"),
    "a code page by another name": ("text/plain; charset=cp-850", b"caf\x82 down", "café down"),
    "a quotation mark": ('text/plain; charset="', b"caf\xe9 down", "café down"),
    "rot13": ("text/plain; charset=rot13", b"caf\xe9 down", "café down"),
    "undefined": ("text/plain; charset=undefined", b"caf\xe9 down", "café down"),
    "UTF-8 with NUL": ("text/plain; charset=utf-8", b"caf\xc3\xa9\0 down", "café down"),
}
EXACT = {"a code page by another name", "UTF-8 with NUL"}


async def test_group_4_a_text_in_no_charset_is_kept_as_it_can_be_read_and_flagged(office: Office) -> None:
    for name, (content_type, body, text) in CHARSETS.items():
        mail = await office.bring(plain(body, content_type=content_type, message_id=f"<{len(name)}{name[0]}@x>"))
        assert (await office.ticket(mail))["description"].strip() == text, name
        assert ("charset_guessed" in mail["read"]["flags"]) is (name not in EXACT), (name, mail["read"]["flags"])


def boundless(kept: str, body: str) -> bytes:
    """Return a mail of parts with a Content-Type as it is."""
    return envelope() + header(("Content-Type", kept)) + b"\r\n" + body.encode()


BOUNDARIES: dict[str, bytes] = {
    "no boundary": boundless("multipart/mixed", "--b1\r\n\r\nNo audio.\r\n--b1--\r\n"),
    "never closed": multipart(part("No audio."), closed=False),
    "5,000 characters": multipart(part("No audio."), boundary="b" * 5_000),
    "two dashes": multipart(part("No audio."), boundary="--"),
}


async def test_group_5_the_text_is_kept_where_the_boundary_is_bent(office: Office) -> None:
    for name, raw in BOUNDARIES.items():
        mail = await office.bring(raw.replace(b"<m1@", f"<{len(name)}@".encode()))
        assert mail["state"] == "done", name
        assert "No audio." in (await office.ticket(mail))["description"], name


QUOTED = "".join(f"> line {number} of what we wrote\r\n" for number in range(12))


def quoting(ours: str) -> str:
    """Return a mail of ours as it stands under an answer."""
    return "".join(f"> {line}\r\n" for line in ours.splitlines())


ANSWERS: dict[str, tuple[Callable[[str], str], list[str]]] = {
    "at the bottom, in Russian": (
        lambda _: f"10.11.2026 9:30, Desk пишет:\r\n{QUOTED}\r\nНе слышно.\r\n",
        ["Не слышно."],
    ),
    "between the lines, in Russian": (
        lambda _: "Desk пишет:\r\n> Какой номер?\r\nСедьмой.\r\n> Который час?\r\nДевятый.\r\n",
        ["Седьмой.", "Девятый."],
    ),
    "under our mark": (lambda ours: f"{quoting(ours)}\r\nIt rings.\r\n", ["It rings."]),
    "a quote and nothing new": (
        lambda _: f"On Tue, 10 Nov 2026 at 09:30, Desk wrote:\r\n{QUOTED}",
        ["line 11 of what we wrote"],
    ),
    "50,000 line breaks": (lambda _: "Before." + "\r\n" * 50_000 + "After.", ["Before.", "After."]),
    "60 KB of On": (lambda _: "Begin. " + "On " * 20_000 + "end.", ["Begin.", "end."]),
}


async def test_group_26_of_an_answer_nothing_is_lost_and_it_takes_no_time(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket, address, told = await office.opened(plain())
    figures = []
    for number, (name, (write, expected)) in enumerate(ANSWERS.items()):
        body = write(told["text"])
        mail_id = await office.accept(stated(plain(body, message_id=f"<a{number}@x>")), address)
        began = time.perf_counter()
        await office.take()
        took = time.perf_counter() - began
        figures.append(f"{name}: {took * 1000:.0f} ms")
        mail = await office.seen(mail_id)
        message = (await office.messages(ticket))[-1]
        assert (mail["ticket_id"], message["id"]) == (ticket["id"], mail["message_id"]), name
        for each in expected:
            assert each in message["body"], name
            assert each in mail["text"], name
        assert took < 1, figures[-1]
    with capsys.disabled():
        print("\nfrom a job to a message:", *figures, sep="\n  ")  # noqa: T201 - the true figures

    styled = "<blockquote style='margin:0'>All of it is new.</blockquote>"
    mail = await office.bring(plain(styled, content_type="text/html", message_id="<h@x>"), address)
    assert "All of it is new." in (await office.messages(ticket))[-1]["body"]
    assert "All of it is new." in mail["text"]


HOSTILE = """
<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<style>body{background:url(https://evil.example/t.gif)}</style>
<svg><script>alert(1)</script></svg><script>alert(2)</script>
<a href="javascript:alert(3)">one</a><a href="data:text/html,<script>alert(4)</script>">two</a>
<div style="background:url(https://evil.example/t.gif)" onclick="alert(5)">three</div>
<img src="cid:loop"><iframe src="cid:loop"></iframe>
<form action="https://evil.example/"><input name="password"></form>
<!--[if mso]><script>alert(6)</script><![endif]--><img src="https://evil.example/t.gif">
<p>No audio.</p>
"""
PAGES: dict[str, str] = {
    "hostile": HOSTILE,
    "100,000 divs in each other": "<div>" * 100_000 + "No audio.",
    "5,001 links": "No audio. "
    + "".join(f"<a href='https://x.example/{number}'>{number}</a>" for number in range(5_001))
    + "No audio.",
}


async def test_group_27_html_is_safe_or_text_alone(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    figures = []
    for number, (name, html) in enumerate(PAGES.items()):
        lines = html.replace("><", ">\r\n<")  # no line of more than a megabyte
        mail_id = await office.accept(stated(plain(lines, content_type="text/html", message_id=f"<{number}@x>")))
        began = time.perf_counter()
        await office.take()
        took = time.perf_counter() - began
        mail = await office.seen(mail_id)
        assert "No audio." in (await office.ticket(mail))["description"], name
        shown = await office.desk.staff.send("GET", f"/inbound-mail/{mail['id']}/html")
        figures.append(f"{name}: {took * 1000:.0f} ms, {'shown' if shown.is_success else 'text alone'}")
        if shown.is_success:
            inspected(shown.text)
            assert "script-src" not in shown.headers["content-security-policy"]
            assert shown.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
            for word in ("script", "evil.example/t.gif)", "<form", "<base", "<meta", "javascript:", "url("):
                assert word not in shown.text.lower(), (name, word)
        assert took < 5, figures[-1]  # two are asked for and 0.6 measured, but a machine may be busy
    with capsys.disabled():
        print("\nfrom a job to a ticket:", *figures, sep="\n  ")  # noqa: T201 - the true figures


RAWS: dict[str, bytes] = {
    "bare line feeds": plain("No audio.").replace(b"\r\n", b"\n"),
    "bare carriage returns": plain("No audio.").replace(b"\r\n", b"\r"),
    "mixed": plain("No audio.\r\n\nMore.\rEnd.").replace(b"\r\nTo", b"\nTo"),
    "a smuggled end": plain("No audio.\n.\nMAIL FROM:<evil@x>\r\n\n.\r\nDATA\r\nFrom: boss@voipco.example\r\n\r\nPay."),
    "NULs alone": bytes(2_000),
    "empty": b"",
    "no line between": plain("No audio.").replace(b"\r\n\r\n", b"\r\n", 1),
    "a byte order mark": b"\xef\xbb\xbf" + plain("No audio."),
    "as in an mbox": b"From ann@voipco.example Tue Nov 10 09:30:00 2026\r\n" + plain("No audio."),
    "in UTF-16": plain("No audio.").decode().encode("utf-16"),
}


async def test_group_29_one_mail_in_is_one_mail_out(office: Office) -> None:
    for number, (name, raw) in enumerate(RAWS.items(), 1):
        mine = raw.replace(b"<m1@", f"<{number}@".encode())
        mail = await office.bring_bare(mine)
        listed = (await office.desk.staff.get("/inbound-mail", limit=100))["data"]
        assert len(listed) == number, name
        assert (mail["state"], await office.original(mail)) == ("held", mine), name  # nothing proves whose it is
        assert len(await office.tickets()) == 0
    assert await office.sent() == []


async def test_group_29_what_is_proven_and_bent_is_one_ticket_each(office: Office) -> None:
    bent = ("bare line feeds", "mixed", "a smuggled end", "no line between")
    for number, name in enumerate(bent, 1):
        mail = await office.bring(RAWS[name].replace(b"<m1@", f"<{number}@".encode()))
        assert "No audio." in (await office.ticket(mail))["description"] or name == "no line between", name
        assert len(await office.tickets()) == len(await office.sent()) == number, name
