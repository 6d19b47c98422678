"""What is answered to whatever is raised, on an application that raises it."""

import httpx
import pytest

from app.main import bare_app
from app.sla.errors import IllegalTransition, OutOfRange


async def _answer_to(error: Exception) -> httpx.Response:
    app = bare_app()

    @app.get("/raises")
    async def raises() -> None:
        raise error

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        return await client.get("/raises", headers={"X-Request-Id": "mine-1"})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (IllegalTransition("a clock that is cancelled cannot acknowledge"), 409, "invalid_transition"),
        (OutOfRange("the deadline lies outside the years 1 to 9999"), 422, "validation_failed"),
        (ConnectionResetError("gone"), 503, "unavailable"),
        (ZeroDivisionError("division by zero"), 500, "internal_error"),
    ],
)
async def test_whatever_is_raised_is_answered_as_a_problem_with_its_headers(
    error: Exception, status: int, code: str
) -> None:
    answer = await _answer_to(error)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("mine-1", "mine-1")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "zero" not in answer.text
