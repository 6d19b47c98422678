import pytest

from tests.conftest import STAFF_KEY
from tests.desk import open_test_desk


@pytest.mark.parametrize("burst", [3, 5])
async def test_a_key_that_asks_too_fast_is_told_how_long_to_wait(database_url: str, burst: int) -> None:
    async with open_test_desk(database_url, STAFF_KEY, rate_limit_per_minute=6, rate_limit_burst=burst) as desk:
        let_through = [await desk.staff.send("GET", "/me") for _ in range(burst)]
        refused = await desk.staff.send("GET", "/me")
        another = await desk.caller("tls_" + "another-key-altogether-" * 2).send("GET", "/me")

    assert {answer.status_code for answer in let_through} == {200}
    left = [answer.headers["ratelimit"].split(";")[1] for answer in let_through]
    assert left == [f"r={burst - count - 1}" for count in range(burst)]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= 10
    assert refused.headers["ratelimit-policy"] == f'"key";q={burst};w={burst * 10}'
    assert refused.headers["ratelimit"].startswith('"key";r=0;t=')
    assert another.status_code == 401  # a limit is of one key
