import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from app.auth.sealing import seal, unseal
from tests.desk import Desk

KEY = {"Idempotency-Key": "endpoint-1"}
ENDPOINT = {"url": "http://127.0.0.1:9/"}


async def test_an_answer_is_for_the_key_that_asked(desk: Desk) -> None:
    reseller = await desk.reseller()
    reader = desk.caller(await desk.key(reseller.id, ["tickets:read"]))
    writer = desk.caller(await desk.key(reseller.id, ["webhooks:write"]))
    made = await reseller.post("/webhook-endpoints", ENDPOINT, headers=KEY)

    again = await reseller.send("POST", "/webhook-endpoints", json=ENDPOINT, headers=KEY)
    others = [
        await other.refused("POST", "/webhook-endpoints", "idempotency_key_reused", ENDPOINT, headers=KEY)
        for other in (reader, writer)
    ]

    assert again.json() == made
    assert again.headers["idempotency-replayed"] == "true"
    assert made["secret"] not in str(others)
    assert len((await reseller.get("/webhook-endpoints"))["data"]) == 1


async def test_a_secret_in_a_stored_answer_is_not_to_be_read(desk: Desk) -> None:
    reseller = await desk.reseller()
    path, body = f"/resellers/{reseller.id}/api-keys", {"name": "portal", "scopes": ["tickets:read"]}

    made = await desk.staff.post(path, body, headers=KEY)

    async with desk.database.transaction() as session:
        stored = bytes((await session.execute(text("select body from idempotent_answers"))).scalar_one())
    assert made["secret"].encode() not in stored
    assert await desk.staff.post(path, body, headers=KEY) == made


@pytest.mark.parametrize(("secret", "bound_to"), [("another", b"request"), ("secret", b"another request")])
def test_what_is_sealed_opens_for_its_own_secret_and_request_alone(secret: str, bound_to: bytes) -> None:
    sealed = seal("secret", b"an answer", b"request")

    assert unseal("secret", sealed, b"request") == b"an answer"
    with pytest.raises(InvalidTag):
        unseal(secret, sealed, bound_to)
