"""Printable pages: one sheet of style, templates that escape, and a policy under which nothing is loaded."""

import base64
import hashlib
from collections.abc import Callable

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app.infra.instants import instant_in_words
from app.infra.negotiation import VARY

_LAYOUT = Environment(loader=PackageLoader("app.infra"), autoescape=True)
_STYLE = _LAYOUT.get_template("page.css.html").render().strip()
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class Pages:
    """The pages of one room, from the templates in its folder.

    Args:
        package: The room, as ``app.catalogue``.
        filters: The room's own ways of writing values.
    """

    def __init__(self, package: str, **filters: Callable[..., str]) -> None:
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader("app.infra")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # The sheet is a constant of ours, and the policy names it by its hash.
        self._templates.globals["style"] = Markup(_STYLE)  # noqa: S704 - our own text, not a caller's
        self._templates.filters |= {"instant": instant_in_words, **filters}

    def render(self, template: str, **values: object) -> str:
        """Return a page."""
        return self._templates.get_template(template).render(**values)


def page_answer(page: str) -> HTMLResponse:
    """Return a page as an answer that may load nothing, from here or from outside."""
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, **VARY})
