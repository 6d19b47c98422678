import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.parsing.html import CUT, TEXT_CAP, plain_text
from app.mail.parsing.splitting import new_text
from tests.mail.parsing.client_mails import ANSWER, CLIENTS


@pytest.mark.parametrize("html", CLIENTS.values(), ids=CLIENTS)
def test_the_answer_of_each_client_is_told_from_its_quote(html: str) -> None:
    text = plain_text(html)
    assert new_text(text) == ANSWER
    assert "TL-1042 waits for an answer." in text


def test_answers_between_the_quotes_of_gmail_are_kept() -> None:
    quote = '<blockquote class="gmail_quote">'
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 10, 2026 at 12:00 PM Ann &lt;ann@example.com&gt; '
        f"wrote:</div>{quote}Which trunk?</blockquote><div>The one on TLS.</div>{quote}Since when?</blockquote>"
        "<div>Since midnight.</div></div>"
    )
    assert new_text(plain_text(html)) == "The one on TLS.\n\nSince midnight."


@pytest.mark.parametrize(
    "html",
    [
        "<blockquote>We see 503 on each call.</blockquote>",
        "<p>It says:</p><blockquote style='margin:0 0 0 40px'>We see 503 on each call.</blockquote><p>What now?</p>",
        "<table><tr><td><blockquote><p>We see 503</p> on each call.</blockquote></td></tr></table>",
        '<blockquote type="cite">We see 503 on each call.</blockquote>',
    ],
)
def test_a_blockquote_used_as_styling_does_not_vanish(html: str) -> None:
    assert "503" in new_text(plain_text(html))


def test_a_forward_by_gmail_is_kept_whole() -> None:
    html = (
        '<div>See below.</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------'
        "<br>From: <b>Bob</b><br>Date: Tue, Mar 10, 2026<br>Subject: Down<br>To: Ann<br></div><p>It is down.</p></div>"
    )
    text = plain_text(html)
    assert new_text(text) == text
    assert text.startswith("See below.\n---------- Forwarded message ---------\nFrom: Bob\n")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<div>one<div>two</div>three</div>", "one\ntwo\nthree"),
        ("one<br><br><br><br>two", "one\n\ntwo"),
        (" a \n  b&nbsp;c<b> d </b> e", "a b c d e"),
        ("<ul><li>one<li>two<ol><li>three</li><li>four</ol></ul>", "- one\n- two\n\n  1. three\n  2. four"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c<td>d</table>", "a  b\nc  d"),
        ("<pre>a  b\n  c</pre>", "a  b\n  c"),
        ("see <a href='https://example.com/x'>our page</a>.", "see our page (https://example.com/x)."),
        ("<a href='https://example.com/'>example.com</a>", "example.com"),
        ("<a href='mailto:ann@example.com'>ann@example.com</a>", "ann@example.com"),
        ("<a href='javascript:alert(1)'>our page</a>", "our page"),
        ("<a href='https://example.com/x'><img src=x></a>", "https://example.com/x"),
        ("<img src='cid:1' alt='a  plan'>", "[a plan]"),
        (
            "one<blockquote type=cite>two<blockquote>three</blockquote></blockquote>four",
            "one\n\n> two\n>\n> > three\n\nfour",
        ),
        ("1 < 2 &lt; 3 &amp; <3 </3", "1 < 2 < 3 & <3 </3"),
        ("seen <b and no end", "seen <b and no end"),
        ("<script>a</script><style>b</style><title>c</title><!-- d --><![CDATA[e]]>f", "f"),
        ("<title>never closed<p>seen", "never closed\n\nseen"),
        ("<textarea>a <b> c</textarea>", "a <b> c"),
        ("<!--[if mso]>hidden<![endif]--><![if !mso]>seen<![endif]>", "seen"),
        ("&#0;&#x0;a&#1114112;&#" + "9" * 5_000 + ";", "\ufffd\ufffda\ufffd\ufffd"),
        ("a\0b\x1bc\ud800d", "abcd"),
        ("<p>a</div></span></p>b</blockquote>", "a\n\nb"),
        ("", ""),
    ],
)
def test_html_is_read_as_text(html: str, text: str) -> None:
    assert plain_text(html) == text


HOSTILE: dict[str, Callable[[int], str]] = {
    "open tags without end": lambda size: "<a" * (size // 2),
    "open tags with a space": lambda size: "<a " * (size // 3),
    "open quotes": lambda size: '<a "' * (size // 4),
    "open values": lambda size: '<a b="' * (size // 6),
    "comments": lambda size: "<!--" * (size // 4),
    "declarations": lambda size: "<!" * (size // 2),
    "ampersands": lambda size: "&" * size,
    "unknown references": lambda size: ("&" + "a" * 32) * (size // 33),
    "digits": lambda size: "&#" + "9" * size,
    "attributes": lambda size: "<a " + "a " * (size // 2) + ">",
    "distinct attributes": lambda size: "<a " + " ".join(f"a{number}" for number in range(size // 7)) + ">",
    "titles": lambda size: "<title>" * (size // 7),
    "deep": lambda size: "<div>" * (size // 5),
    "deep quotes": lambda size: "<blockquote type=cite>x" * (size // 23),
    "deep lists": lambda size: "<ul><li>x" * (size // 9),
    "deep, then strange ends": lambda size: "<div>" * (size // 10) + "</p></span>" * (size // 22),
    "links": lambda size: '<a href="https://x.y">z' * (size // 23),
    "breaks": lambda size: "<blockquote type=cite>" * 10 + "x<br>" * (size // 5),
    "plain quotes": lambda size: "x:<blockquote>y</blockquote>" * (size // 27),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_hostile_html_is_read_in_linear_time(make: Callable[[int], str]) -> None:
    html = make(TEXT_CAP)
    began = time.process_time()
    text = plain_text(html)
    assert time.process_time() - began < 4
    assert len(text) < 6 * TEXT_CAP


def test_a_text_over_the_cap_says_that_it_is_cut() -> None:
    assert plain_text("<p>a</p>" * 200_000).endswith(f"a\n\n{CUT}")


def test_a_picture_written_into_the_mail_does_not_count() -> None:
    picture = f'<img src="data:image/png;base64,{"A" * TEXT_CAP}" alt="plan">'
    assert plain_text(f"above{picture}below") == "above[plan]below"


WORDS = st.sampled_from(["one", "two", "3 < 4", "five & six"])
TREES = st.recursive(
    WORDS,
    lambda inner: st.tuples(
        st.sampled_from(["div", "p", "b", "blockquote", "ul", "li", "table", "td", "pre", "center", "h1"]),
        st.lists(inner, max_size=4),
    ).map(lambda tree: f"<{tree[0]}>{' '.join(tree[1])}</{tree[0]}>"),
    max_leaves=20,
)


@given(TREES)
def test_no_word_is_lost(html: str) -> None:
    told = [word for word in plain_text(html).split() if word not in {">", "-", "1.", "2.", "3.", "4."}]
    kept = html.replace("<", " <").replace(">", "> ").replace(" < ", " \x00 ")
    expected = [word.replace("\x00", "<") for word in kept.split() if not word.startswith("<")]
    assert told == expected


@given(
    st.lists(
        st.sampled_from([*"<>/!-='\"&;#x0ab \n\0", "<p>", "<li>", "</", "<!--", "<title>", "<a href=", "<blockquote>"])
    ).map("".join)
)
def test_any_text_is_read(html: str) -> None:
    assert "\0" not in plain_text(html)
