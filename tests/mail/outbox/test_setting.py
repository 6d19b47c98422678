"""What stands in a mail, and what it takes to set it."""

import pytest

from app.mail.outbox.rendering import sheet_of
from app.mail.outbox.voices import of_the_desk
from app.mail.outbox.wording import TicketTold, reply

VOICE = of_the_desk("The Desk", "desk@op.example", None)
TICKET = TicketTold(7, "Trunk 7 is down", "open", "low", "Acme", None)


def _set(body: str, name: str = "Bob") -> tuple[str, str]:
    return sheet_of(reply(TICKET, VOICE, "Ann", body), VOICE, answerable=True).to(name)


@pytest.mark.parametrize("line", ["\n", "  \t\n", "\r\n", "\r"])
def test_a_long_gap_takes_two_empty_lines(line: str) -> None:
    text, html = _set("First\n" + line * 20_000 + "Last")

    assert "First\n\n\nLast\n" in text
    assert "First<br>\n<br>\n<br>\nLast" in html


def test_two_empty_lines_stay_as_they_are() -> None:
    assert "First\n \n\nLast\n" in _set("First\n \n\nLast")[0]


@pytest.mark.parametrize("letter", ["x", "ö", "漢", "&", "\n  y"])
def test_of_a_long_message_the_rest_is_in_the_ticket(letter: str) -> None:
    text, html = _set(letter * 70_000)

    assert len(text.encode()) < 66_000
    assert "The rest is in the ticket." in text
    assert "The rest is in the ticket." in html


def test_what_mail_can_repeat_is_repeated_whole() -> None:
    body = "ö" * 32_768

    assert f"\n{body}\n\n" in _set(body)[0]


def test_indents_are_kept_to_some_depth() -> None:
    html = _set("if so:\n  do it\n" + " " * 60_000 + "far & away")[1]

    assert "if so:<br>\n&nbsp;&nbsp;do it<br>\n&nbsp;" in html
    assert "&nbsp;far &amp; away" in html
    assert len(html) < 10_000


def test_a_sheet_differs_by_the_salutation_alone() -> None:
    sheet = sheet_of(reply(TICKET, VOICE, "Ann", "Hello Bob,"), VOICE, answerable=False)

    (text, html), (other_text, other_html) = sheet.to("Bob"), sheet.to("<Eve>\r\n& co")

    assert text.startswith("Hello Bob,\n\nAnn wrote:\n\nHello Bob,\n")
    assert other_text == text.replace("Hello Bob,", "Hello <Eve> & co,", 1)
    assert other_html == html.replace("Hello Bob,", "Hello &lt;Eve&gt; &amp; co,", 1)
    assert "\0" not in other_text + other_html
