"""The pages behind a problem's ``type``: what it means and what to do."""

from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from app.infra.problems import NotFound, Problem, catalogue

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - Trunkline</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs/assets/desk.css"></head>
<body><main>{body}</main></body></html>"""


def _section(problem: type[Problem]) -> str:
    words = escape(problem.help).split("`")
    said = "".join(word if number % 2 == 0 else f"<code>{word}</code>" for number, word in enumerate(words))
    return (
        f"<h1>{escape(problem.title)}</h1><p><code>{problem.code}</code> is answered with"
        f" {problem.status}.</p><p>{said}</p>"
    )


@router.get("/problems", response_class=HTMLResponse)
async def list_problems() -> str:
    """List every problem."""
    items = "".join(
        f'<li><a href="/problems/{code}"><code>{code}</code></a> ({kind.status}): {escape(kind.title)}</li>'
        for code, kind in catalogue().items()
    )
    return _PAGE.format(title="Problems", body=f"<h1>Problems</h1><ul>{items}</ul>")


@router.get("/problems/{code}", response_class=HTMLResponse)
async def get_problem(code: str) -> str:
    """Explain a problem."""
    kind = catalogue().get(code)
    if kind is None:
        raise NotFound("there is no such problem")
    return _PAGE.format(title=escape(kind.title), body=_section(kind))
