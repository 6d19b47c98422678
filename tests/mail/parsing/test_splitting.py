# ruff: noqa: RUF001 - mails in several alphabets
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.addressing.marker import MARKER
from app.mail.parsing.splitting import CAP, new_text

ANSWER = "The second trunk is still down.\nPlease look again."
QUOTE = f"> {MARKER}\n>\n> Your ticket TL-1042 waits for an answer.\n> -- \n> The desk"

ATTRIBUTIONS = [
    "On Tue, Mar 10, 2026 at 12:00 PM Ann Example <ann@example.com> wrote:",
    "On Tue, Mar 10, 2026 at 12:00 PM Ann Example <\nann@example.com> wrote:",
    "On Tue, 10 Mar 2026, 12:00\nAnn Example, of the desk of Example,\n<ann@example.com> wrote:",
    "On 10 Mar 2026, at 12:00, Ann Example <ann@example.com> wrote:",
    "On 10/03/2026 12:00, Ann Example wrote:",
    "On Tuesday, March 10, 2026 at 12:00:00 PM GMT+1, Ann Example <ann@example.com> wrote:",
    "Ann Example <ann@example.com> wrote:",
    "вт, 10 мар. 2026 г. в 12:00, Ann Example <ann@example.com>:",
    "10 марта 2026 г., в 12:00, Ann Example <ann@example.com> написал(а):",
    "10.03.2026 12:00, Ann Example пишет:",
    "Вторник, 10 марта 2026, 12:00 +03:00 от Ann Example <ann@example.com>:",
    '10.03.2026, 12:00, "Ann Example" <ann@example.com>:',
    "вт, 10 бер. 2026 р. о 12:00 Ann Example <ann@example.com> пише:",
    "10.03.2026 12:00, Ann Example писав(ла):",
    "Am Di., 10. März 2026 um 12:00 Uhr schrieb Ann Example <ann@example.com>:",
    "Am 10.03.26 um 12:00 schrieb Ann Example:",
    "Le mar. 10 mars 2026 à 12:00, Ann Example <ann@example.com> a écrit :",
    "Le 10/03/2026 à 12:00, Ann Example a écrit\xa0:",
    "El mar, 10 mar 2026 a las 12:00, Ann Example (<ann@example.com>) escribió:",
    "W dniu 10.03.2026 o 12:00, Ann Example pisze:",
    "wt., 10 mar 2026 o 12:00 Ann Example <ann@example.com> napisał(a):",
    "Wiadomość napisana przez Ann Example <ann@example.com> w dniu 10 mar 2026, o godz. 12:00:",
    "Il giorno mar 10 mar 2026 alle ore 12:00 Ann Example <ann@example.com> ha scritto:",
    "Op di 10 mrt 2026 om 12:00 schreef Ann Example <ann@example.com>:",
    "Em ter., 10 de mar. de 2026 às 12:00, Ann Example <ann@example.com> escreveu:",
    "Den tis 10 mars 2026 kl 12:00 skrev Ann Example <ann@example.com>:",
]
NEEDS_MARKS = ATTRIBUTIONS[6]

BLOCKS = [
    "From: Desk <desk@example.com>\nSent: Tuesday, March 10, 2026\nTo: Ann <ann@example.com>\nSubject: Down",
    "*From:* Desk <desk@example.com>\n*Date:* Tuesday, 10 March 2026\n*To:* Ann <ann@example.com>\n*Subject:* Down",
    "________________________________\nFrom: Desk <desk@example.com>\nSent: 10 March 2026 12:00\nSubject: Down",
    "________________________________\n\nVon: Desk <desk@example.com>\nGesendet: 10.3.2026\nAn: Ann\nBetreff: AW: x",
    "-----Original Message-----\nFrom: Desk [mailto:desk@example.com]\nSent: 10 March 2026\nTo: Ann\nSubject: Down",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----\nVon: Desk\nGesendet: Dienstag, 10. März 2026 12:00\nAn: Ann\nBetreff: Down",
    "-------- Исходное сообщение --------\nОт: Desk <desk@example.com>\nДата: 10.03.2026 12:00\nКому: Ann\nТема: Down",
    "От: Desk <desk@example.com>\nОтправлено: 10 марта 2026 г. 12:00\nКому: Ann\nКопия: Bob\nТема: Down",
    "De : Desk <desk@example.com>\nEnvoyé : mardi 10 mars 2026 12:00\nÀ : Ann\nObjet : Down",
    "De: Desk <desk@example.com>\nEnviado: martes, 10 de marzo de 2026 12:00\nPara: Ann\nAsunto: Down",
    "Od: Desk <desk@example.com>\nWysłane: wtorek, 10 marca 2026 12:00\nDo: Ann\nTemat: Down",
    "Від: Desk <desk@example.com>\nНадіслано: 10 березня 2026 р. 12:00\nКому: Ann\nТема: Down",
    "Da: Desk <desk@example.com>\nInviato: martedì 10 marzo 2026 12:00\nA: Ann\nOggetto: Down",
    "Van: Desk <desk@example.com>\nVerzonden: dinsdag 10 maart 2026 12:00\nAan: Ann\nOnderwerp: Down",
    "Från: Desk <desk@example.com>\nSkickat: den 10 mars 2026 12:00\nTill: Ann\nÄmne: Down",
    "From: Desk <desk@example.com>\nTo: Ann <ann@example.com>, Bob,\n Cy <c@example.com>\nSubject: Down",
]

FORWARDS = [
    "---------- Forwarded message ---------\nFrom: Bob\nDate: Mar 10, 2026\nSubject: x\nTo: Ann\n\nx",
    "Begin forwarded message:\n\n> From: Bob <bob@example.com>\n> Subject: x\n> Date: 10 March 2026\n>\n> Body",
    "> Begin forwarded message:\n>\n> From: Bob <bob@example.com>\n> Subject: x\n>\n> Body",
    "-------- Weitergeleitete Nachricht --------\nBetreff: x\nDatum: 10.03.2026\nVon: Bob\nAn: Ann\n\nBody\n-- \nBob",
    "-------- Пересылаемое сообщение --------\n10.03.2026, 12:00, Bob <bob@example.com>:\n\nBody",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_above_its_quote_is_the_answer(attribution: str) -> None:
    assert new_text(f"{ANSWER}\n\n{attribution}\n\n{QUOTE}\n") == ANSWER


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_attribution_needs_no_empty_line_above_it(attribution: str) -> None:
    assert new_text(f"{ANSWER}\n{attribution}\n{QUOTE}\n") == ANSWER


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_below_its_quote_is_the_answer(attribution: str) -> None:
    assert new_text(f"{attribution}\n{QUOTE}\n\n{ANSWER}\n") == ANSWER


@pytest.mark.parametrize("attribution", [one for one in ATTRIBUTIONS if one != NEEDS_MARKS])
def test_an_attribution_of_a_client_ends_the_answer_where_the_quote_has_no_marks(attribution: str) -> None:
    assert new_text(f"{ANSWER}\n\n{attribution}\n\nYour ticket waits.\nThe desk\n") == ANSWER


@pytest.mark.parametrize("block", BLOCKS)
def test_an_answer_above_the_headers_of_outlook_is_the_answer(block: str) -> None:
    assert new_text(f"{ANSWER}\r\n\r\n{block}\r\n\r\nYour ticket waits.\r\nThe desk\r\n") == ANSWER


@pytest.mark.parametrize("block", BLOCKS)
def test_an_answer_below_headers_and_marks_is_the_answer(block: str) -> None:
    assert new_text(f"{block}\n\n> Your ticket waits.\n> The desk\n\n{ANSWER}") == ANSWER


@pytest.mark.parametrize("quote", [*BLOCKS, *(f"{one}\n{QUOTE}" for one in ATTRIBUTIONS), QUOTE])
def test_only_a_quote_is_shown_whole(quote: str) -> None:
    whole = f"{quote}\n\n> Your ticket waits."
    assert new_text(whole) == whole


@pytest.mark.parametrize("forward", FORWARDS)
def test_a_forward_is_shown_whole(forward: str) -> None:
    assert new_text(forward) == forward
    assert new_text(f"Seen at a customer:\n\n{forward}") == f"Seen at a customer:\n\n{forward}"


def test_a_forward_within_the_quote_is_old() -> None:
    quote = "\n".join(f"> {line}" for line in FORWARDS[0].splitlines())
    assert new_text(f"{ANSWER}\n\n{ATTRIBUTIONS[0]}\n> Thank you.\n>\n{quote}") == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "From: the second switch we see nothing.\nThe first is fine.",
        "On Monday he wrote:\nthe trunk is down.\nWhat now?",
        "Hello,\nOn Monday 10 March 2026 the operator wrote: all is well.\nIt is not.",
        "On 10 March 2026 at 12:00 we saw the following:\n503 on each call.",
        "This one:\n\nFrom: +49 30 1234567\nTo: +44 20 1234567\nDate: 10 March 2026\n\nThe call was cut after 30 s.",
        "INVITE sip:bob@example.com SIP/2.0\nFrom: <sip:ann@example.com>\nTo: <sip:bob@example.com>\nSubject: x\n\n503",
        "Log:\n\nFrom: <sip:ann@example.com>\nTo: <sip:bob@example.com>\nSubject: x\nDate: 10 March 2026\n\nIt fails.",
        "Subject: to change.\nTo: be sure, see below.\nFrom: now on we use TLS.",
        "To: be sure, see below.\n________________________________\nThe table above is ours.",
        "We use two rules:\n-----\nfirst\n-----\nsecond",
        "The subject is below.\n>From here on it is ours.\nThe end.",
        "-- \nThe whole mail stands below two dashes.",
        "Sent from my iPhone",
        "See the list:\n--\n" + "\n".join(f"line {number}" for number in range(20)),
        "At 12:00 Ann said:\nno.",
        "Hello\n\nAnn <ann@example.com> wrote:\nthe trunk is down.\nWhat now?",
        "We sent this notice:\nFrom: Ann\nTo: Bob\nSubject: Down\n\nNobody answered.",
    ],
)
def test_running_text_is_never_cut(text: str) -> None:
    assert new_text(text) == text


def test_a_bottom_posted_answer_in_russian_is_kept() -> None:
    text = f"10.03.2026 12:00, Ann Example пишет:\n{QUOTE}\n\nЗдравствуйте!\nВторой транк не работает.\n-- \nБоб"
    assert new_text(text) == "Здравствуйте!\nВторой транк не работает."


def test_an_interleaved_answer_in_russian_is_kept() -> None:
    text = (
        "10.03.2026 12:00, Ann Example пишет:\n> Какой транк?\nВторой, тот что на TLS.\n\n"
        "> С какого времени?\nС полуночи, после обновления."
    )
    assert new_text(text) == "Второй, тот что на TLS.\n\nС полуночи, после обновления."


def test_answers_too_thin_to_be_read_alone_are_shown_between_their_quotes() -> None:
    text = "> " + "Which trunk? " * 20 + "\nyes\n> " + "Since when? " * 20 + "\nno"
    assert new_text(text) == text


def test_a_thin_answer_above_one_quote_stands_alone() -> None:
    assert new_text("yes\n\n> " + "Which trunk? " * 40) == "yes"


@pytest.mark.parametrize("mark", ["", "> ", ">> ", " > > "])
def test_an_answer_above_our_marker_ends_there(mark: str) -> None:
    assert new_text(f"{ANSWER}\n\n{mark}{MARKER}\n{mark}Your ticket waits.") == ANSWER


def test_an_answer_typed_below_our_marker_is_kept() -> None:
    assert new_text(f"{ATTRIBUTIONS[0]}\n{QUOTE}\n{ANSWER}") == ANSWER
    assert ANSWER in new_text(f"{MARKER}\nYour ticket waits.\n\n{ANSWER}")
    assert ANSWER in new_text(f"{BLOCKS[0]}\n\n{MARKER}\nYour ticket waits.\n\n{ANSWER}")


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nBob\nExample",
        "--\nBob",
        "Sent from my iPhone",
        "Отправлено с iPhone",
        "Get Outlook for iOS<https://aka.ms/x>",
    ],
)
def test_a_signature_is_left_out(signature: str) -> None:
    assert new_text(f"{ANSWER}\n\n{signature}\n\n{ATTRIBUTIONS[0]}\n{QUOTE}") == ANSWER
    assert new_text(f"{ANSWER}\n{signature}") == ANSWER


HOSTILE: list[tuple[str, Callable[[int], str]]] = [
    ("newlines", lambda size: "\n" * size),
    ("newlines and spaces", lambda size: " \n" * (size // 2)),
    ("newlines in a quote", lambda size: ">\n" * (size // 2)),
    ("On", lambda size: "On " * (size // 3)),
    ("On, a line each", lambda size: "On 1\n" * (size // 5)),
    ("attributions without end", lambda size: "On 10.03.2026 12:00, <a@b> x\n" * (size // 29)),
    ("attributions", lambda size: "On 10.03.2026 12:00, <a@b> wrote:\n" * (size // 34)),
    ("marks", lambda size: ">" * size),
    ("marks and spaces", lambda size: "> " * (size // 2)),
    ("spaces", lambda size: " " * size),
    ("From", lambda size: "From: a\n\n" * (size // 9)),
    ("labels", lambda size: "From: a\nTo: b\nCc: d\n" * (size // 20)),
    ("dashes", lambda size: "-" * size),
    ("titles", lambda size: ("-" * 20 + " " * 60 + "-" * 19 + "\n") * (size // 100)),
    ("underscores", lambda size: ("_" * 32 + "\n") * (size // 33)),
    ("addresses", lambda size: "<a@" * (size // 3) + ":"),
    ("wide lines of addresses", lambda size: ("<a@" * 120 + ":\n") * (size // 362)),
    ("digits", lambda size: ("1" * 398 + ":\n") * (size // 400)),
    ("carriage returns", lambda size: "\r" * size),
]


@pytest.mark.parametrize("make", [make for _, make in HOSTILE], ids=[name for name, _ in HOSTILE])
def test_hostile_text_takes_linear_time(make: Callable[[int], str]) -> None:
    text = make(CAP)
    began = time.perf_counter()
    new_text(text)
    assert time.perf_counter() - began < 2
    assert _steps(make(CAP // 4)) < 4.6 * _steps(make(CAP // 16)) + 2_000


def _steps(text: str) -> int:
    """How many lines of code run, which no busy machine can change."""
    count = 0

    def trace(_frame: object, event: str, _argument: object) -> Callable[..., object]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # a tracer
    try:
        new_text(text)
    finally:
        sys.settrace(before)
    return count


def test_an_answer_below_fifty_thousand_newlines_is_read() -> None:
    assert new_text("\n" * 50_000 + ANSWER) == ANSWER
    assert new_text("a\n" + "\n" * 500_000 + "b") == "a\n\nb"


def test_what_is_over_the_cap_is_cut_at_a_line() -> None:
    assert new_text("line\n" * 100_000) == "\n".join(["line"] * (CAP // 5))


PIECES = st.sampled_from(
    [
        *ATTRIBUTIONS,
        *BLOCKS,
        *FORWARDS,
        QUOTE,
        MARKER,
        ANSWER,
        "-- ",
        "> ",
        ">From x",
        "\n\n\n\n",
        " ",
        "\r",
        "On 1",
        "From:",
    ]
)


@given(st.lists(PIECES | st.text(max_size=30), max_size=12), st.sampled_from(["\n", "\n\n", "\r\n", ""]))
def test_the_result_is_lines_of_the_mail_in_their_order(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    left = iter(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    result = new_text(text)
    assert not result or all(line in left for line in result.split("\n"))
    assert bool(result.strip()) == bool(text.strip())
