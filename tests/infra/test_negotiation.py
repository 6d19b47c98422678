import pytest

from app.infra.negotiation import choose
from app.infra.problems import NotAcceptable

_OFFERS = ("application/json", "text/markdown", "text/html")
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        (_BROWSER, "text/html"),
        ("text/*", "text/markdown"),
        ("text/*, text/markdown;q=0.5", "text/html"),
        ("text/*;q=0.9, text/html;q=0.1, application/json;q=0.5", "text/markdown"),
        ("text/html;q=0.5, text/markdown;q=0.7", "text/markdown"),
        ("text/html;q=0.5, text/markdown;q=0.5", "text/markdown"),
        ("text/html; q=1.0 , application/json;q=0.999", "text/html"),
        ("*/*;q=0.1, text/html;q=0", "application/json"),
        ("application/json;q=0, */*", "text/markdown"),
        ("text/markdown; charset=utf-8", "text/markdown"),
        ("text/html;level=1, text/markdown", "text/markdown"),
        ("nonsense, text/html", "text/html"),
        ("text/html;q=2, text/markdown;q=0.1", "text/markdown"),
        ("*/html, text/markdown", "text/markdown"),
    ],
)
def test_the_caller_gets_what_it_wants_most(accept: str | None, chosen: str) -> None:
    assert choose(accept, _OFFERS) == chosen


@pytest.mark.parametrize(
    "accept", ["image/png", "text/html;q=0", "*/*;q=0", "nonsense", "text/html;q=x", "text/csv, */html"]
)
def test_a_caller_who_takes_nothing_of_it_is_told_what_there_is(accept: str) -> None:
    with pytest.raises(NotAcceptable) as refused:
        choose(accept, _OFFERS)

    assert refused.value.extra["available"] == list(_OFFERS)
    assert refused.value.headers == {"Vary": "Accept"}
