"""What reading a body costs: a mail of a usual shape, repeated, and the worst of the hostile ones.

    python bench/mail_body_bench.py

Prints MB/s of the three readers, and for each hostile mail the milliseconds of each. Exits with 1 when a hostile one is
over its limit: 200 ms to find the new text, 2 s to sanitise and to read HTML as text.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.mail.parsing.html import CAP as HTML_CAP
from app.mail.parsing.html import TEXT_CAP, plain_text, sanitised
from app.mail.parsing.splitting import CAP, new_text

LIMITS = {new_text: 0.2, sanitised: 2.0, plain_text: 2.0}
PLAIN = (
    "The second trunk is still down.\n\nOn Tue, Mar 10, 2026 at 12:00 PM Ann <ann@example.com> wrote:\n"
    + "> We see 503 on each call.\n" * 5
)
HTML = (
    '<div class="x"><p style="color:red;margin:0">We see <b>503</b> &amp; nothing else on'
    ' <a href="https://example.com/x">our page</a>.</p><table><tr><td width="10">a</td><td>b</td></tr></table></div>\n'
)
TEXTS = {
    "50,000 newlines": "\n" * 50_000,
    "60 KB of On": "On " * 20_000,
    "256 KB of marks": ">" * CAP,
    "lines of On": "On 1\n" * (CAP // 5),
    "wrapped attributions": "On 10.03.2026 12:00, <a@b> x\n" * (CAP // 29),
    "headers": "From: a\n\n" * (CAP // 9),
}
PAGES = {
    "100,000 div": "<div>" * 100_000,
    "open tags": "<a " * (TEXT_CAP // 3),
    "comments": "<!--" * (TEXT_CAP // 4),
    "ampersands": "&" * HTML_CAP,
    "paragraphs": "<p>x" * 49_000,
    "towers": ("<div>" * 190 + "</div>" * 190) * 230,
    "deep and flat": "<div>" * 190 + "<b title=x>y</b>" * 29_000,
    "attributes": "<p " + "a=1 " * (HTML_CAP // 5) + ">",
    "loose in a table": "x<br>" * 24_000 + "<table>" + "y<br>" * 24_000,
    "5,000 links": '<a href="https://example.com/">x</a>' * 5_000,
    "a megabyte of p": "<p>" * (TEXT_CAP // 3),
}


def cost(read: Callable[[str], object], text: str) -> float:
    """Seconds, the best of three runs, so that a busy machine does not decide."""
    runs = []
    for _ in range(3):
        began = perf_counter()
        read(text)
        runs.append(perf_counter() - began)
    return min(runs)


def main() -> int:
    """Prints the figures; gives the exit code."""
    texts, pages = PLAIN * (CAP // len(PLAIN)), HTML * (HTML_CAP // len(HTML) // 2)
    for name, read, text in (
        ("new text", new_text, texts),
        ("sanitised", sanitised, pages),
        ("HTML as text", plain_text, pages),
    ):
        print(f"{name:>14} {len(text) / cost(read, text) / 1e6:>7.1f} MB/s")
    kept = True
    for readers, hostile in (((new_text,), TEXTS), ((sanitised, plain_text), PAGES)):
        print(f"{'':>22}" + "".join(f"{read.__name__:>14}" for read in readers))
        for name, text in hostile.items():
            costs = {read: cost(read, text) for read in readers}
            kept = kept and all(LIMITS[read] > seconds for read, seconds in costs.items())
            print(f"{name:>22}" + "".join(f"{seconds * 1e3:>11.1f} ms" for seconds in costs.values()))
    print(f"limits: 200 ms for new text, 2,000 ms for HTML: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
