"""Signatures against the vectors of the case file, and against the reference library."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from app.webhooks import signature

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "data" / "webhook_vectors.json").read_text(encoding="utf-8"),
)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = 1614265330
ids = st.text("abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789_-", min_size=1, max_size=60).map("msg_".__add__)
keys = st.binary(min_size=24, max_size=64)


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def whsk_and_whpk(seed: bytes) -> tuple[str, str]:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    return "whsk_" + base64.b64encode(seed + public).decode(), "whpk_" + base64.b64encode(public).decode()


def body_of(vector: dict[str, Any]) -> bytes:
    encoded = vector.get("body_base64")
    return base64.b64decode(encoded) if encoded else str(vector["body"]).encode()


@pytest.mark.parametrize("vector", VECTORS["verify"], ids=lambda v: v["id"])
def test_what_is_to_be_accepted_is_and_nothing_else(vector: dict[str, Any]) -> None:
    accepted = signature.verify(
        [*vector["secrets"], *vector["public_keys"]],
        vector["headers"],
        body_of(vector),
        now=vector["now"],
        tolerance=vector["tolerance_s"],
    )
    assert accepted is (vector["expect"] == "accept"), vector["why"]


@pytest.mark.parametrize("vector", VECTORS["sign"], ids=lambda v: v["id"])
def test_signatures_are_exact(vector: dict[str, Any]) -> None:
    secrets = vector.get("secrets") or [vector["private_key_whsk"]]
    header = signature.sign(secrets, vector["msg_id"], vector["timestamp"], body_of(vector))
    assert header == vector["expect_signature_header"]


@given(st.lists(keys, min_size=1, max_size=3), ids, st.text())
def test_the_reference_library_verifies_what_we_sign_with_each_secret(
    raw: list[bytes],
    message_id: str,
    body: str,
) -> None:
    now = int(time.time())  # noqa: TID251 - the reference library reads the wall clock itself
    headers = signature.headers([whsec(key) for key in raw], message_id, now, body.encode())
    for key in raw:
        Webhook(whsec(key)).verify(body, headers, json_parse=False)


@given(keys, st.binary(min_size=32, max_size=32), ids, st.binary(), st.integers(0, 10**11), st.integers(-300, 300))
def test_we_verify_what_we_sign_in_both_schemes_and_only_within_the_tolerance(
    key: bytes,
    seed: bytes,
    message_id: str,
    body: bytes,
    at: int,
    skew: int,
) -> None:
    private, public = whsk_and_whpk(seed)
    headers = {
        name.title(): value for name, value in signature.headers([private, whsec(key)], message_id, at, body).items()
    }
    for held in (whsec(key), public):
        assert signature.verify([held], headers, body, now=at + skew)
        assert not signature.verify([held], headers, body, now=at + 301)
        assert not signature.verify([held], headers, body, now=at - 301)
        assert not signature.verify([held], headers, body + b" ", now=at)


@given(st.lists(st.text(max_size=80), max_size=3), st.text(), st.text(), st.text(), st.binary())
def test_garbage_is_refused_without_raising(
    held: list[str],
    message_id: str,
    timestamp: str,
    signatures: str,
    body: bytes,
) -> None:
    for text in (signatures, "v1," + signatures, "v1a," + signatures):
        for stamp in (timestamp, str(NOW)):
            headers = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": text}
            assert not signature.verify(held, headers, body, now=NOW)


@pytest.mark.parametrize(
    "timestamp",
    [
        *("", " 1614265330", "1614265330 ", "1614265330\n", "+1614265330", "01614265330", "1614265330.0"),
        *("1.614265330e9", "1_614_265_330", "0x60379e32", "NaN", "9" * 5000),
        *("".join(chr(zero + int(digit)) for digit in str(NOW)) for zero in (0x660, 0xFF10)),  # Arabic, full-width
    ],
)
def test_a_timestamp_has_one_spelling_even_where_the_signature_is_right(timestamp: str) -> None:
    content = f"msg_1.{timestamp}.".encode() + b"{}"
    text = "v1," + signature._hmac_text(signature._key_bytes(SECRET, "whsec_"), content)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": timestamp, "webhook-signature": text}
    assert not signature.verify([SECRET], headers, b"{}", now=NOW)


def test_a_signature_has_one_spelling() -> None:
    good = signature.headers([SECRET], "msg_1", NOW, b"{}")
    text = good["webhook-signature"]
    assert signature.verify([SECRET], good, b"{}", now=NOW)
    others = [text.rstrip("="), text + "=", text + ",", text.replace("v1,", "V1,"), text.replace("v1,", "v1,,")]
    others += [
        f"{text},{text}",
        f"\t{text}",
        text.replace("v1,", "v1, "),
        text.replace("v1,", ","),
        "v1",
        "v1,",
        "",
        " ",
    ]
    for other in others:
        assert not signature.verify([SECRET], {**good, "webhook-signature": other}, b"{}", now=NOW), other
    assert signature.verify([SECRET], {**good, "webhook-signature": f"  {text}  v9,x"}, b"{}", now=NOW)


def test_a_dot_cannot_be_moved_between_the_id_and_the_body() -> None:
    headers = signature.headers([SECRET], "msg_1", NOW, f"{NOW}.{{}}".encode())
    moved = {**headers, "webhook-id": f"msg_1.{NOW}"}
    assert not signature.verify([SECRET], moved, b"{}", now=NOW)


@pytest.mark.parametrize(
    ("secrets", "message_id", "timestamp"),
    [
        ([], "msg_1", NOW),
        ([""], "msg_1", NOW),
        (["whsec_"], "msg_1", NOW),
        (["whsec_not base64"], "msg_1", NOW),
        (["whsec_abcde"], "msg_1", NOW),
        (["whsec_päss"], "msg_1", NOW),
        (["whsk_AAAA"], "msg_1", NOW),
        (["whsk_" + base64.b64encode(bytes(64)).decode()], "msg_1", NOW),
        ([SECRET], "", NOW),
        ([SECRET], "msg.1", NOW),
        ([SECRET], "msg 1", NOW),
        ([SECRET], "msg\r\n1", NOW),
        ([SECRET], "msg_é", NOW),
        ([SECRET], "msg_1", -1),
    ],
)
def test_what_cannot_be_signed_safely_is_an_error(secrets: list[str], message_id: str, timestamp: int) -> None:
    with pytest.raises(ValueError, match=r"key|secret|id|timestamp"):
        signature.sign(secrets, message_id, timestamp, b"{}")


def test_a_new_secret_is_32_fresh_bytes() -> None:
    first, second = signature.new_secret(), signature.new_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
